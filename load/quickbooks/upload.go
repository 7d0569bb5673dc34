package quickbooks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
)

// maxUploadBytes is the most that QuickBooks takes in one upload, all parts
// included; the difference to its 100 MB is room for them.
const maxUploadBytes = 100<<20 - 64<<10

// Attachment is a file that belongs to a record, such as the PDF of a bill.
type Attachment struct {
	FileName    string // up to 1000 characters, with its ending
	ContentType string // such as application/pdf
	Note        string // up to 2000 characters
	Entity      string // the kind of record, such as Bill
	EntityID    string
	Content     []byte
}

// Attachable is an attachment as QuickBooks keeps it.
type Attachable struct {
	ID            string          `json:"Id,omitempty"`
	SyncToken     string          `json:"SyncToken,omitempty"`
	FileName      string          `json:"FileName,omitempty"`
	ContentType   string          `json:"ContentType,omitempty"`
	Note          string          `json:"Note,omitempty"`
	Size          Decimal         `json:"Size,omitzero"` // in bytes, as answered
	AttachableRef []AttachableRef `json:"AttachableRef,omitempty"`

	// TempDownloadURI answers the bytes without a token, for 15 minutes after it
	// was read. Whoever has it has the file, so it is a secret.
	TempDownloadURI Secret `json:"TempDownloadUri,omitempty"`

	MetaData *MetaData `json:"MetaData,omitempty"`

	// TID is what Intuit's support needs to find the upload. [Client.Upload] alone
	// sets it.
	TID string `json:"-"`
}

func (Attachable) entity() string { return "Attachable" }
func (a Attachable) key() string  { return a.ID }

// AttachableRef links an attachment to a record.
type AttachableRef struct {
	EntityRef EntityRef `json:"EntityRef"`
}

// EntityRef names a record together with its kind.
type EntityRef struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Upload stores a file and links it to its record, in one request. It is a write
// like any other: after a [*NoAnswer] the file may be there. The same attachment
// is sent as the same bytes each time.
func (c *Client) Upload(ctx context.Context, requestID string, a Attachment) (Attachable, error) {
	if !idPattern.MatchString(requestID) || len(requestID) > maxJoinedID || len(a.Content) > maxUploadBytes || len(a.Content) == 0 {
		return Attachable{}, fmt.Errorf("upload: %w: it needs a request id, and 1 to %d bytes", ErrRefused, maxUploadBytes)
	}
	if _, _, err := mime.ParseMediaType(a.ContentType); err != nil {
		return Attachable{}, fmt.Errorf("upload: %w: the content type is none", ErrRefused)
	}
	body, contentType, err := a.encode()
	if err != nil {
		return Attachable{}, err
	}
	ans, err := c.throttled(ctx, call{
		operation: opUpload, class: classCore, method: "POST", path: "upload", write: true,
		query: url.Values{"requestid": {requestID}}, body: body, contentType: contentType,
	})
	if err != nil {
		return Attachable{}, fmt.Errorf("upload to %s %s: %w", a.Entity, a.EntityID, err)
	}
	return decodeUpload(ans)
}

// encode writes the two parts. The boundary comes from the content, so that the
// bytes are the same each time and the content cannot hold it by accident.
func (a Attachment) encode() (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	hash := sha256.Sum256(a.Content)
	if err := w.SetBoundary("tieout-" + hex.EncodeToString(hash[:16])); err != nil {
		return nil, "", fmt.Errorf("encode upload: %w", err)
	}
	metadata, err := Encode(Attachable{
		FileName: a.FileName, ContentType: a.ContentType, Note: a.Note,
		AttachableRef: []AttachableRef{{EntityRef: EntityRef{Type: a.Entity, Value: a.EntityID}}},
	})
	if err != nil {
		return nil, "", err
	}
	for _, part := range []struct {
		disposition, contentType string
		content                  []byte
	}{
		{`form-data; name="file_metadata_01"; filename="attachment.json"`, "application/json", metadata},
		{multipart.FileContentDisposition("file_content_01", a.FileName), a.ContentType, a.Content},
	} {
		p, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {part.disposition}, "Content-Type": {part.contentType},
		})
		if err != nil {
			return nil, "", fmt.Errorf("encode upload: %w", err)
		}
		if _, err := p.Write(part.content); err != nil {
			return nil, "", fmt.Errorf("encode upload: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("encode upload: %w", err)
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// decodeUpload reads the answer, which has the shape of a batch of one.
func decodeUpload(ans answer) (Attachable, error) {
	unknown := &NoAnswer{Operation: opUpload, Write: true, HTTPStatus: ans.status, TID: ans.tid, Err: errIncomplete}
	var envelope struct {
		Responses []struct {
			Attachable json.RawMessage `json:"Attachable"`
			Fault      json.RawMessage `json:"Fault"`
		} `json:"AttachableResponse"`
	}
	if !readable(ans.body, &envelope) || len(envelope.Responses) != 1 {
		return Attachable{}, unknown
	}
	if fault := envelope.Responses[0].Fault; isObject(fault) {
		return Attachable{}, decodeFault(fault, ans.status, ans.tid)
	}
	var stored Attachable
	if !readable(envelope.Responses[0].Attachable, &stored) || stored.ID == "" {
		return Attachable{}, unknown
	}
	stored.TID = ans.tid
	return stored, nil
}
