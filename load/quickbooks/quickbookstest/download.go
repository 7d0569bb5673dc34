package quickbookstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// downloadLife is how long an address of an attachment's bytes lives, as
// documented.
const downloadLife = 15 * time.Minute

// maxKept bounds the bytes of attachments that are kept; of what comes after,
// only size and hash are, and its address answers 404.
const maxKept = 256 << 20

// keep remembers the bytes of an upload.
func (s *Server) keep(rec *record, content []byte) {
	if s.kept+len(content) > maxKept {
		return
	}
	s.kept += len(content)
	rec.content = content
}

// download answers with the address of an attachment's bytes, as plain text.
func (c *call) download(id string) answer {
	rec := c.realm.find("Attachable", id, 0)
	if rec == nil || rec.obj["FileAccessUri"] == nil {
		return c.faulted(notFound(id))
	}
	return answer{status: http.StatusOK, contentType: "text/plain", body: []byte(c.address(rec.obj))}
}

// address is where the bytes of an attachment are for the next 15 minutes, for
// whoever has it. Assumed: its form.
func (c *call) address(attachable object) string {
	scheme := "http://"
	if c.secure {
		scheme = "https://"
	}
	path := downloadPath + c.realm.ID + "/" + textAt(attachable, "Id")
	until := strconv.FormatInt(c.server.now().Add(downloadLife).Unix(), 10)
	return scheme + c.host + path + "?" + url.Values{"Expires": {until}, "Signature": {c.server.seal(path, until)}}.Encode()
}

// seal proves that an address was made here.
func (s *Server) seal(path, until string) string {
	mac := hmac.New(sha256.New, []byte(s.sealKey))
	mac.Write([]byte(path + " " + until))
	return hex.EncodeToString(mac.Sum(nil))
}

// dressed is an attachment as it is answered: with a fresh address.
func (c *call) dressed(o object) object {
	if o["FileAccessUri"] == nil {
		return o
	}
	return with(o, "TempDownloadUri", c.address(o))
}

// shown is what an operation made, as it is answered.
func (c *call) shown(out outcome) any {
	if o, ok := out.body.(object); ok && out.name == "Attachable" {
		return c.dressed(o)
	}
	return out.body
}

// dressedRows dresses the attachments that a query found.
func (c *call) dressedRows(response object) object {
	rows, ok := response["Attachable"].([]any)
	if !ok {
		return response
	}
	dressed := make([]any, 0, len(rows))
	for _, row := range rows {
		o, _ := row.(object)
		dressed = append(dressed, c.dressed(o))
	}
	return with(response, "Attachable", dressed)
}

// downloadPath is where the addresses lead. No token is asked for there.
const downloadPath = "/attachments/"

// attachment answers the bytes behind an address. Assumed: 403 when it is too
// late or not one of ours, as storage services do.
func (c *call) attachment() answer {
	realmID, id, _ := strings.Cut(strings.TrimPrefix(c.path, downloadPath), "/")
	until, err := strconv.ParseInt(c.params.Get("Expires"), 10, 64)
	sealed := hmac.Equal([]byte(c.server.seal(c.path, c.params.Get("Expires"))), []byte(c.params.Get("Signature")))
	r := c.server.realms[realmID]
	if err != nil || !sealed || r == nil || !c.server.now().Before(time.Unix(until, 0)) {
		return statusPage(http.StatusForbidden)
	}
	rec := r.find("Attachable", id, 0)
	if rec == nil || rec.content == nil {
		return statusPage(http.StatusNotFound)
	}
	kind := textAt(rec.obj, "ContentType")
	if kind == "" {
		kind = "application/octet-stream"
	}
	return answer{status: http.StatusOK, contentType: kind, body: rec.content}
}
