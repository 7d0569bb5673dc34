package engine

import (
	"encoding/binary"
	"strings"
)

// helloQuery is the statement by which clickhouse-go learns who it talks to.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// withSerialization is the first protocol revision that writes a byte per
// column to say whether it is serialised in the common way.
const withSerialization = 54454

func isHello(sql string) bool { return strings.TrimSpace(sql) == helloQuery }

// hello answers helloQuery as a Native block of the revision that the client
// decodes it at. The answer names revision 0, at which libchdb writes every
// other block: the client decodes those accordingly.
func hello(version string, revision uint64) []byte {
	var b []byte
	if revision > 0 {
		b = append(b, 1, 0)                      // field 1: no overflow row
		b = append(b, 2, 0xff, 0xff, 0xff, 0xff) // field 2: bucket -1
		b = append(b, 0)                         // no more fields
	}
	b = append(b, 4, 1) // columns, rows
	column := func(name, kind string) {
		b = appendText(appendText(b, name), kind)
		if revision >= withSerialization {
			b = append(b, 0)
		}
	}
	column("displayName()", "String")
	b = appendText(b, "tieout")
	column("version()", "String")
	b = appendText(b, version)
	column("revision()", "UInt32")
	b = binary.LittleEndian.AppendUint32(b, 0)
	column("timezone()", "String")
	return appendText(b, "UTC")
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
