package config

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	typeMistake  = regexp.MustCompile(`^line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type `)
	wrongType    = regexp.MustCompile("^cannot unmarshal \\S+(?: `(.*)`)? into (\\S+)$")
)

// decodeMistakes turns what the YAML decoder says, by line, into mistakes by key.
func decodeMistakes(err error, data []byte) []error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	types, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return []error{fmt.Errorf("not YAML: %w", err)}
	}
	keys := keysByLine(data)
	var mistakes []error
	for _, text := range types.Errors {
		found := typeMistake.FindStringSubmatch(text)
		if found == nil {
			mistakes = append(mistakes, errors.New(text))
			continue
		}
		line, _ := strconv.Atoi(found[1])
		mistakes = append(mistakes, typeMistakeOf(keys[line], line, found[2]))
	}
	return mistakes
}

// typeMistakeOf words one of the decoder's complaints about a line that holds
// keys. The value is repeated only where the key cannot hold a secret.
func typeMistakeOf(keys []entry, line int, text string) error {
	if unknown := unknownField.FindStringSubmatch(text); unknown != nil {
		key := unknown[1]
		for _, e := range keys {
			if strings.HasSuffix("."+e.key, "."+unknown[1]) {
				key = e.key
			}
		}
		return fmt.Errorf("%s: unknown key (line %d); `tieout config reference` lists all keys", key, line)
	}
	wrong := wrongType.FindStringSubmatch(text)
	if wrong == nil {
		return fmt.Errorf("line %d: %s", line, text)
	}
	var key, value string
	for _, e := range keys {
		if key == "" || wrong[1] == "" || e.value == wrong[1] {
			key = e.key
		}
	}
	if wrong[1] != "" && !strings.Contains(key, "secret") && !strings.Contains(key, "dsn") {
		value = fmt.Sprintf(", is %q", wrong[1])
	}
	return fmt.Errorf("%s: must be a %s%s (line %d)", key, readable(lastWord(wrong[2])), value, line)
}

func lastWord(typeName string) string {
	return typeName[strings.LastIndexByte(typeName, '.')+1:]
}

// entry is a key of the file, in full, and its value where that is a scalar.
type entry struct{ key, value string }

// keysByLine maps each line of the file to the keys that stand on it.
func keysByLine(data []byte) map[int][]entry {
	keys := map[int][]entry{}
	var root yaml.Node
	if yaml.Unmarshal(data, &root) == nil {
		walkKeys(&root, "", keys)
	}
	return keys
}

func walkKeys(node *yaml.Node, prefix string, keys map[int][]entry) {
	switch node.Kind {
	case yaml.DocumentNode:
		for _, child := range node.Content {
			walkKeys(child, prefix, keys)
		}
	case yaml.SequenceNode:
		for i, child := range node.Content {
			if child.Kind != yaml.ScalarNode {
				walkKeys(child, entryKey(prefix, i, child), keys)
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			name, value := node.Content[i], node.Content[i+1]
			key := strings.TrimPrefix(prefix+"."+name.Value, ".")
			keys[name.Line] = append(keys[name.Line], entry{key: key, value: value.Value})
			walkKeys(value, key, keys)
		}
	case yaml.ScalarNode, yaml.AliasNode:
	}
}

// entryKey names a list's entry as the checks do: by its id where it has one.
func entryKey(prefix string, i int, entry *yaml.Node) string {
	if entry.Kind == yaml.MappingNode {
		for j := 0; j+1 < len(entry.Content); j += 2 {
			if entry.Content[j].Value == "id" && entry.Content[j+1].Value != "" {
				return fmt.Sprintf("%s[%s]", prefix, entry.Content[j+1].Value)
			}
		}
	}
	return fmt.Sprintf("%s[%d]", prefix, i)
}
