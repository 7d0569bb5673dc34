package config

import "time"

// Ontop is the sending side of a company.
type Ontop struct {
	// ClientIDs are the Ontop clients whose events belong to this company. An
	// event that names another client is kept, not applied, and shown. Empty
	// means that any client is taken.
	ClientIDs []string `yaml:"client_ids"`

	// Signature is how deliveries prove where they come from:
	// standard-webhooks, hmac-hex or bearer. What others document, in these words:
	//
	//	Deel:   {signature: hmac-hex, header: X-Deel-Signature, prefix: POST}
	//	Remote: {signature: hmac-hex, header: X-Remote-Signature, suffix: ":{timestamp}", timestamp_header: X-Remote-Timestamp}
	//	Gusto:  {signature: hmac-hex, header: X_Gusto_Signature}
	//	Plane:  {signature: standard-webhooks, header_prefix: svix-}
	//	GitHub: {signature: hmac-hex, header: X-Hub-Signature-256, signature_prefix: sha256=}
	//
	// Defaults to standard-webhooks.
	Signature string `yaml:"signature"`

	// Secrets verify signatures; any of them may match, so that one can be
	// rotated without losing a delivery: add the new one, send SIGHUP, change it at
	// the sender, and let the old one end. For standard-webhooks each is whsec_ and
	// base64, or whpk_ and base64 for an ed25519 public key. Each is a text, or a
	// mapping of:
	Secrets []SigningSecret `yaml:"secrets"`

	// SecretsFile is a file with one secret a line. It is read again on SIGHUP.
	SecretsFile string `yaml:"secrets_file"`

	// HeaderPrefix begins the names of the three headers, id, timestamp and
	// signature; used by standard-webhooks only.
	//
	// Defaults to webhook-.
	HeaderPrefix string `yaml:"header_prefix"`

	// Header carries the signature; used by hmac-hex only.
	//
	// Defaults to X-Signature.
	Header string `yaml:"header"`

	// SignaturePrefix stands before the signature in its header, such as sha256=;
	// used by hmac-hex only.
	SignaturePrefix string `yaml:"signature_prefix"`

	// Prefix is put before the body when signing; used by hmac-hex only.
	// {timestamp} in it stands for what the timestamp header carries.
	Prefix string `yaml:"prefix"`

	// Suffix is put after the body when signing; used by hmac-hex only.
	// {timestamp} in it stands for what the timestamp header carries.
	Suffix string `yaml:"suffix"`

	// TimestampHeader carries the time of signing, in Unix seconds or
	// milliseconds; used by hmac-hex only. Without it a captured delivery can be
	// sent again at any time, and is then recognised by its body.
	TimestampHeader string `yaml:"timestamp_header"`

	// Tolerance is how far a signed timestamp may be off, in either direction.
	//
	// Defaults to 5m.
	Tolerance time.Duration `yaml:"tolerance"`

	// RatePerSecond bounds the deliveries of this company; above it the answer
	// is 429 and the sender tries again.
	//
	// Defaults to 5000.
	RatePerSecond int `yaml:"rate_per_second"`

	// Origins are where deliveries of this company may come from, each an address or
	// a network such as 203.0.113.0/24. Others are answered 401. Behind a proxy,
	// public.proxies must name it.
	//
	// Defaults to anywhere.
	Origins []string `yaml:"origins"`

	// Redact takes personal data out of stored deliveries after some time.
	Redact Redact `yaml:"redact"`

	// UnsafeAcceptUnsigned takes deliveries without a signature. Anybody who can
	// reach the public listener can then invent invoices.
	UnsafeAcceptUnsigned bool `yaml:"unsafe_accept_unsigned"`
}

// Redact says which personal data is taken out of stored deliveries, and when. It is
// done daily, with schedule.sweep, and recorded: see `tieout deliveries redact`.
type Redact struct {
	// AfterMonths is how many months after its receipt a delivery loses the fields.
	//
	// Defaults to 0: deliveries are kept for ever as they arrived.
	AfterMonths int `yaml:"after_months"`

	// Fields are the fields that it loses: names from the outermost on, joined by
	// dots, such as data.worker_email, data.first_name or data.items.description. *
	// stands for any name, and arrays are followed by themselves. What reconciliation
	// rests on is refused: ids, amounts, dates, statuses and concepts.
	Fields []string `yaml:"fields"`
}

// SigningSecret is one secret of a company, and when it is used.
type SigningSecret struct {
	// Secret is the secret itself.
	Secret Secret `yaml:"secret,omitempty"`

	// SecretFile is a file that holds it. It is read again on SIGHUP.
	SecretFile string `yaml:"secret_file,omitempty"`

	// NotBefore is when the secret begins to be believed.
	//
	// Defaults to always.
	NotBefore time.Time `yaml:"not_before,omitempty"`

	// NotAfter is when the secret ends to be believed. A date alone is its first
	// moment, in UTC.
	//
	// Defaults to never.
	NotAfter time.Time `yaml:"not_after,omitempty"`
}
