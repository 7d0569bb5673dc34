package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
)

// ErrProduction means that the probe must not run there.
var ErrProduction = errors.New("the probe writes to the company and runs on a sandbox only")

// productionHost is where real books are.
const productionHost = "quickbooks.api.intuit.com"

// Allowed returns ErrProduction unless a company of the environment, reached
// through apiURL, is certainly no production company: a loopback address is a
// simulator; otherwise the environment must say sandbox, and the address must not
// say otherwise. An empty apiURL is the environment's own.
func Allowed(environment quickbooks.Environment, apiURL string) error {
	host := ""
	if apiURL != "" {
		address, err := url.Parse(apiURL)
		if err != nil || address.Hostname() == "" {
			return fmt.Errorf("%w: its address cannot be read", ErrProduction)
		}
		host = address.Hostname()
	}
	switch {
	case isLoopback(host):
		return nil
	case environment != quickbooks.Sandbox:
		return fmt.Errorf("%w: set environment: sandbox for this company, with the keys of a development app", ErrProduction)
	case strings.EqualFold(strings.TrimSuffix(host, "."), productionHost):
		return fmt.Errorf("%w: api_url is the production address", ErrProduction)
	default:
		return nil
	}
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
