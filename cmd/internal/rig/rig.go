// Package rig sets up a whole tieout on this machine: a pretended QuickBooks
// company on a loopback port, a generated configuration, and the real program as a
// child process, which an Ontop that signs and posts can be pointed at. The demo
// and the end-to-end tests run on it.
//
// # Promises
//
// Everything goes through the real ways: HTTP, signatures, OAuth, batches, files
// and processes; nothing reaches another machine. Whatever a Rig starts it also
// ends, and everything that it writes is below its folder.
//
// # What it does not do
//
// It judges nothing: whoever uses it compares what QuickBooks holds, what tieout
// reports and what was sent.
package rig

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/seal"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// Company is the id of the one company of a Rig.
const Company = "acme"

// Config says what to set up. Program and Dir are required.
type Config struct {
	// Program is the file of the tieout program.
	Program string
	// Dir is an empty folder to work in.
	Dir string
	// Books is the pretended company. Its Now should be time.Now.
	Books quickbookstest.Config
	// ClientID is the Ontop client whose events the company takes.
	ClientID string
	// Policy is added to the configuration, as YAML in flow style.
	//
	// Defaults to {create_vendors: automatic, negative_total: credit}.
	Policy string
	// Files is the host and port at which the files of the pretended Ontop are
	// served, for the program to attach them.
	//
	// Defaults to none, where nothing is attached.
	Files string
	// Money has the program record payments and top-ups, between two bank accounts of
	// the pretended company.
	Money bool
	// Schedule is added likewise.
	//
	// Defaults to {}.
	Schedule string
	// Log gets what the program writes to standard error. Defaults to nowhere.
	Log io.Writer
}

// Rig is everything set up. It has to be closed.
type Rig struct {
	cfg     Config
	Books   *quickbookstest.Server
	Realm   string
	Secret  string // signs webhooks
	Public  string // base address of the public listener
	Private string // base address of the private listener

	books string       // host and port of the pretended QuickBooks
	away  func() error // ends it; nil while it is away
	files func() error // ends the files; nil where there are none
}

// New starts the pretended QuickBooks and writes the configuration.
func New(ctx context.Context, cfg Config) (*Rig, error) {
	r := &Rig{cfg: cfg, Books: quickbookstest.New(cfg.Books)}
	r.Realm = r.Books.Realms()[0].ID
	var err error
	if r.books, err = FreePort(ctx); err != nil {
		return nil, err
	}
	if err := r.Back(ctx); err != nil {
		return nil, err
	}
	if cfg.Files != "" {
		if r.files, err = serve(ctx, cfg.Files, ontopsim.Files{}); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if err := r.configure(ctx, "http://"+r.books); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close ends the pretended QuickBooks and the files. Processes have to be stopped
// before.
func (r *Rig) Close() error {
	err := r.Away()
	if r.files != nil {
		err = errors.Join(err, r.files())
		r.files = nil
	}
	return err
}

// Away makes QuickBooks refuse every connection, until Back.
func (r *Rig) Away() error {
	if r.away == nil {
		return nil
	}
	err := r.away()
	r.away = nil
	return err
}

// Back lets QuickBooks answer again.
func (r *Rig) Back(ctx context.Context) (err error) {
	if r.away == nil {
		r.away, err = serve(ctx, r.books, r.Books)
	}
	return err
}

// serve answers on an address until it is ended.
func serve(ctx context.Context, address string, handler http.Handler) (end func() error, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	server, served := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}, make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return func() error {
		err := server.Close()
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	}, nil
}

// ConfigFile is the path of the generated configuration.
func (r *Rig) ConfigFile() string { return filepath.Join(r.cfg.Dir, "tieout.yaml") }

func (r *Rig) configure(ctx context.Context, books string) error {
	key := make([]byte, 32)
	rand.Read(key)
	r.Secret = "whsec_" + base64.StdEncoding.EncodeToString(key)
	keys := filepath.Join(r.cfg.Dir, "keyset.json")
	if err := seal.NewKeyset(keys); err != nil {
		return err
	}
	public, err := FreePort(ctx)
	if err != nil {
		return err
	}
	private, err := FreePort(ctx)
	if err != nil {
		return err
	}
	r.Public, r.Private = "http://"+public, "http://"+private
	schedule := r.cfg.Schedule
	policy, err := r.policy()
	if err != nil {
		return err
	}
	if schedule == "" {
		schedule = "{}"
	}
	text := fmt.Sprintf(configYAML, filepath.Join(r.cfg.Dir, "data"), public, private, keys, schedule, Company, r.cfg.ClientID, r.Secret,
		books, quickbookstest.DefaultClientID, quickbookstest.DefaultClientSecret, policy)
	return os.WriteFile(r.ConfigFile(), []byte(text), 0o600)
}

// policy is the one of the Config, with what else it switches on.
func (r *Rig) policy() (string, error) {
	policy := cmp.Or(r.cfg.Policy, "{create_vendors: automatic, negative_total: credit}")
	more := ""
	if r.cfg.Files != "" {
		more += fmt.Sprintf(", attach_pdf: true, file_hosts: [%q]", "http://"+r.cfg.Files)
	}
	if r.cfg.Money {
		var ids [2]string
		for i, name := range []string{"Ontop wallet", "Ontop funding"} {
			var err error
			if ids[i], err = r.Books.Create(r.Realm, "Account", map[string]any{"Name": name, "AccountType": "Bank"}); err != nil {
				return "", fmt.Errorf("create account %s: %w", name, err)
			}
		}
		more += fmt.Sprintf(", record_payments: true, record_top_ups: true, payment_account: %q, top_up_account: %q", ids[0], ids[1])
	}
	return strings.TrimSuffix(policy, "}") + more + "}", nil
}

const configYAML = `store: {dsn: "embedded://%s"}
public: {listen: "%s"}
private: {listen: "%s"}
key_file: %s
schedule: %s
log: {format: text}
companies:
  - id: %s
    name: Acme Inc
    ontop:
      client_ids: [%q]
      secrets: [%q]
    quickbooks:
      api_url: %[9]s
      authorize_url: %[9]s/connect/oauth2
      token_url: %[9]s/oauth2/v1/tokens/bearer
      revoke_url: %[9]s/v2/oauth2/tokens/revoke
      client_id: %[10]q
      client_secret: %[11]q
    policy: %[12]s
`

// FreePort returns an address on which nobody listens just now. It lies below the
// ports that systems give to outgoing connections, so that a program which is
// started again finds it free.
func FreePort(ctx context.Context) (string, error) {
	const first, last, tries = 15_000, 32_000, 100
	var err error
	for range tries {
		var n *big.Int
		if n, err = rand.Int(rand.Reader, big.NewInt(last-first)); err != nil {
			return "", err
		}
		var listener net.Listener
		address := net.JoinHostPort("127.0.0.1", strconv.FormatInt(first+n.Int64(), 10))
		if listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", err
}

// Run runs one command of the program to its end and returns what it wrote to
// standard output, and its exit code. An error means that it could not be run.
func (r *Rig) Run(ctx context.Context, args ...string) (out []byte, code int, err error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, r.cfg.Program, append(args, "--config", r.ConfigFile())...)
	command.Stdout, command.Stderr = &stdout, io.MultiWriter(&stderr, r.log())
	err = command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() >= 0 {
		if exit.ExitCode() == 1 || exit.ExitCode() == 2 {
			return stdout.Bytes(), exit.ExitCode(), fmt.Errorf("tieout %v: %s", args, bytes.TrimSpace(stderr.Bytes()))
		}
		return stdout.Bytes(), exit.ExitCode(), nil
	}
	return stdout.Bytes(), 0, err
}

func (r *Rig) log() io.Writer {
	if r.cfg.Log == nil {
		return io.Discard
	}
	return r.cfg.Log
}

// Send signs the events and posts them to the program.
func (r *Rig) Send(ctx context.Context, cfg ontopsim.SenderConfig, events []ontopsim.Event) (ontopsim.Summary, error) {
	cfg.URL, cfg.Secret = r.Public+"/webhooks/ontop/"+Company, r.Secret
	sender, err := ontopsim.NewSender(cfg, time.Now)
	if err != nil {
		return ontopsim.Summary{}, err
	}
	return sender.Send(ctx, events)
}

// Connect lets the running program into the pretended company, as a person with a
// browser would: from the private listener to the consent page and back.
func (r *Rig) Connect(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Private+"/oauth/quickbooks/start?company="+Company, nil)
	if err != nil {
		return err
	}
	answer, err := browser.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK || !bytes.Contains(page, []byte("<h1>Connected</h1>")) {
		return fmt.Errorf("connect: status %d: %s", answer.StatusCode, page)
	}
	return nil
}
