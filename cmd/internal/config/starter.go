package config

import "strings"

// Starter returns the text of a configuration to start from, which names the
// keyset at keys.
func Starter(keys string) string {
	return strings.ReplaceAll(starter, "KEYSET", keys)
}

const starter = `# Every key is explained by: tieout config reference
store: {dsn: "embedded:///var/lib/tieout"}
public: {listen: "127.0.0.1:8080"}    # Ontop posts to /webhooks/ontop/COMPANY here
private: {listen: "127.0.0.1:8090"}   # people and Prometheus; never expose it
key_file: KEYSET
companies:
  - id: acme
    name: Acme Inc
    ontop:
      client_ids: ["999"]
      signature: standard-webhooks
      secrets: ["${ONTOP_WEBHOOK_SECRET}"]
    quickbooks:
      environment: production
      client_id: "..."
      client_secret: "${QUICKBOOKS_CLIENT_SECRET}"
    policy:
      post_on: confirmed        # created | confirmed | paid
      create_vendors: review    # review | automatic | never
      closed_period: hold       # hold | next_open_day
      negative_total: hold      # hold | credit
      bill_date: issue_date     # issue_date | period_end | paid_at
      attach_pdf: true          # the invoice's PDF, to its bill
      record_payments: false    # true needs payment_account
`
