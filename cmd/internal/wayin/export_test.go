package wayin

import (
	"net/http"
	"time"

	"github.com/tieout/tieout/schema"
)

// Sample returns the test event that s signs at now.
func Sample(s Signing, now time.Time) (id schema.DeliveryID, body []byte, header http.Header, how string, trouble *Trouble) {
	m, trouble := s.newSample(now)
	return m.id, m.body, m.header, m.how, trouble
}
