package webhookload

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Count is what the server itself counted since it was started.
type Count struct {
	Answered int64 // requests answered 202
	Staged   int64 // deliveries that its store has confirmed
	Waiting  int64 // deliveries in its journal; the server looks once a second
}

// Asked reads the count from the metrics at address, such as
// http://127.0.0.1:8090/metrics.
func Asked(ctx context.Context, client *http.Client, address string) (Count, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Count{}, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return Count{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return Count{}, fmt.Errorf("metrics at %s: status %d", address, answer.StatusCode)
	}
	return readCount(answer.Body)
}

func readCount(text io.Reader) (Count, error) {
	var c Count
	found := 0
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok {
			continue
		}
		var to *int64
		switch name {
		case `tieout_ingest_requests_total{code="202"}`:
			to = &c.Answered
		case `tieout_ingest_staged_total{channel="webhook"}`:
			to = &c.Staged
		case `tieout_ingest_journal_deliveries`:
			to = &c.Waiting
		default:
			continue
		}
		n, err := strconv.ParseFloat(value, 64) // as metrics write whole numbers, too
		if err != nil {
			return c, fmt.Errorf("metric %s: %w", name, err)
		}
		*to = int64(n)
		found++
	}
	if err := lines.Err(); err != nil {
		return c, err
	}
	if found != 3 {
		return c, fmt.Errorf("metrics: %d of 3 counts of deliveries are there; is this the private listener of tieout?", found)
	}
	return c, nil
}
