package quickbookstest_test

import (
	"fmt"
	"net/http"
	"strings"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// A client loses an answer, sends the same request again, and made one vendor.
func ExampleServer() {
	s := qbt.New(qbt.Config{})
	token := s.Grant("", "").AccessToken

	create := func() error {
		r, err := http.NewRequest(http.MethodPost,
			"https://qbo.test/v3/company/"+qbt.DefaultRealm+"/vendor?requestid=r1", strings.NewReader(`{"DisplayName":"Ana"}`))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		resp, err := s.Client().Do(r)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}

	s.Next(qbt.Lose())
	fmt.Println("answered:", create() == nil)
	fmt.Println("answered:", create() == nil)
	fmt.Println("vendors:", s.Count("", "Vendor"))
	// Output:
	// answered: false
	// answered: true
	// vendors: 1
}
