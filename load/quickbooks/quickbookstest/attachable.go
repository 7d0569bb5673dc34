package quickbookstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"path"
	"slices"
	"strings"
)

// maxUpload is the documented size of an upload request.
const maxUpload = 100 << 20

func attachableKind() *kind {
	return &kind{
		name: "Attachable", plural: "Attachables", series: "attachable",
		fields: []field{
			text("FileName", 1000, filterable, sortable),
			text("Note", 2000, filterable, sortable),
			text("ContentType", 100, filterable, sortable), text("Category", 100, filterable, sortable),
			text("PlaceName", 2000, filterable, sortable), text("Tag", 2000, filterable, sortable),
			text("Long", 100, filterable, sortable), text("Lat", 100, filterable, sortable),
			amount("Size", readOnly, filterable, sortable),
			ignored("FileAccessUri"), ignored("TempDownloadUri"), ignored("ThumbnailFileAccessUri"), ignored("ThumbnailTempDownloadUri"),
			list("AttachableRef",
				group("EntityRef", text("value", 0, filterable), text("type", 0, filterable)),
				ignored("LineInfo"), flag("IncludeOnSend")),
			ignored("Sha256"),
		},
		rules: attachableRules,
	}
}

func attachableRules(w *write) *Fault {
	list, _ := w.obj["AttachableRef"].([]any)
	for _, item := range list {
		link, _ := item.(object)
		kindName, id := textAt(link, "EntityRef", "type"), textAt(link, "EntityRef", "value")
		k := w.r.kindOf(kindName) // both "Bill" and "bill" are documented
		if k == nil {
			return refuse("6050", "Entity type "+kindName+" is not supported", "AttachableRef")
		}
		if w.find(k.name, id) == nil {
			return notFound(id)
		}
		link["EntityRef"] = object{"type": k.name, "value": id}
		if link["IncludeOnSend"] == nil {
			link["IncludeOnSend"] = false
		}
	}
	return nil
}

// fileTypes are those the simulator takes: the documented seventeen by ending.
func fileTypes() []string {
	return []string{
		".ai", ".csv", ".doc", ".docx", ".eps", ".gif", ".jpeg", ".jpg", ".ods", ".pdf",
		".png", ".rtf", ".tif", ".tiff", ".txt", ".xls", ".xlsx", ".xml",
	}
}

// upload takes multipart parts file_metadata_NN and file_content_NN and links
// each file as its metadata says.
func (c *call) upload() answer {
	if len(c.body) > c.server.cfg.Rules.MaxUpload {
		return c.faulted(refuse("6030", "Request is larger than 100 MB", ""))
	}
	_, params, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return c.faulted(refuse("6040", "Not a multipart request", ""))
	}
	metadata, files, fault := c.parts(params["boundary"])
	if fault != nil {
		return c.faulted(fault)
	}
	var answers []any
	for _, number := range files.order {
		out := c.attachOnce(number, metadata[number], files.byNumber[number])
		if out.fault != nil {
			answers = append(answers, object{"Fault": out.fault.in(c.realm.Language)})
			continue
		}
		answers = append(answers, object{"Attachable": out.body})
	}
	return c.ok(object{"AttachableResponse": answers})
}

// attachOnce attaches a file unless its request id is known. Assumed: that uploads
// have request ids like other writes, and that each file of a request has one.
func (c *call) attachOnce(number string, metadata object, f file) outcome {
	id := c.params.Get("requestid")
	if fault := requestIDFault(id); fault != nil {
		return failed(fault)
	}
	if id != "" {
		id += " " + number
	}
	hash := sha256.Sum256(f.content)
	op := operation{entity: "Attachable", name: "upload", in: object{"metadata": metadata, "sha256": hex.EncodeToString(hash[:])}}
	return c.realm.once(id, op, func() outcome {
		if fault := c.itemFault(""); fault != nil {
			return failed(fault)
		}
		return c.attach(metadata, f)
	})
}

type file struct {
	name, contentType string
	content           []byte
}

type fileList struct {
	order    []string
	byNumber map[string]file
}

func (c *call) parts(boundary string) (map[string]object, fileList, *Fault) {
	metadata, files := make(map[string]object), fileList{byNumber: make(map[string]file)}
	mr := multipart.NewReader(bytes.NewReader(c.body), boundary)
	for {
		part, err := mr.NextPart()
		if err == io.EOF { //nolint:errorlint // NextPart documents the bare value
			return metadata, files, nil
		}
		if err != nil {
			return nil, files, refuse("6040", "Multipart body cannot be read", "")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, files, refuse("6040", "Multipart body cannot be read", "")
		}
		switch name := part.FormName(); {
		case strings.HasPrefix(name, "file_metadata_"):
			o, err := decode(content)
			if err != nil {
				return nil, files, refuse("6040", "Metadata is not a JSON object", name)
			}
			metadata[strings.TrimPrefix(name, "file_metadata_")] = o
		case strings.HasPrefix(name, "file_content_"):
			number := strings.TrimPrefix(name, "file_content_")
			files.order = append(files.order, number)
			files.byNumber[number] = file{part.FileName(), part.Header.Get("Content-Type"), content}
		}
	}
}

func (c *call) attach(metadata object, f file) outcome {
	in := object{"FileName": f.name, "ContentType": f.contentType}
	maps.Copy(in, metadata)
	if ending := strings.ToLower(path.Ext(textAt(in, "FileName"))); !slices.Contains(fileTypes(), ending) {
		return failed(refuse("6041", "File type "+ending+" is not supported", "FileName"))
	}
	if len(f.content) == 0 {
		return failed(refuse("6040", "The file is empty", ""))
	}
	w := &write{r: c.realm, kind: c.realm.server.kinds["Attachable"]}
	out := w.save(in)
	if out.fault != nil {
		return out
	}
	saved := out.body.(object)
	rec := c.realm.tables["Attachable"].byID[textAt(saved, "Id")]
	hash := sha256.Sum256(f.content)
	obj := with(saved, "Size", count(len(f.content)))
	obj["Sha256"] = hex.EncodeToString(hash[:]) // the simulator's own, for tests
	obj["FileAccessUri"] = "/v3/company/" + c.realm.ID + "/download/" + rec.id
	c.realm.set(rec, obj)
	c.server.keep(rec, f.content)
	return outcome{name: "Attachable", body: c.dressed(rec.obj)}
}
