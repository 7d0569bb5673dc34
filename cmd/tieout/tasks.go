package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

// waitingTask is one element of `payments --json` and `attachments --json`: what is
// to be made in QuickBooks and needs a person.
type waitingTask struct {
	Subject string           `json:"subject"`
	Kind    string           `json:"kind"` // payment, top_up or file
	Invoice schema.InvoiceID `json:"invoice_id"`
	Since   string           `json:"since"`
	// State is held, or declined by QuickBooks.
	State    string       `json:"state"`
	Code     string       `json:"code"` // of what was declined
	Cause    string       `json:"cause"`
	NextStep string       `json:"next_step"`
	Owner    schema.Owner `json:"owner"`
	Commands []string     `json:"commands"` // one of which settles it, once that is done

	// Of a payment or a top-up.
	Source   string          `json:"source,omitempty"` // Ontop's payment_id or transaction_id
	Worker   schema.WorkerID `json:"worker,omitempty"`
	Date     string          `json:"date,omitempty"`
	Amount   string          `json:"amount,omitempty"`
	Currency schema.Currency `json:"currency,omitempty"`

	// Of a file.
	URL  string `json:"url,omitempty"`  // without what may open it to anybody
	Item string `json:"item,omitempty"` // the line that it proves
}

// tasksOf are the kinds that a command lists and decides about.
type tasksOf struct {
	command string
	kinds   []schema.PostingKind
	none    string // what it says when nothing waits

	// How what came before a policy was turned on is brought in.
	earlier string
}

func (r *root) tasks(of tasksOf, short string) *cobra.Command {
	command := &cobra.Command{Use: of.command, Short: short, Long: short + ".\n\n" + of.earlier, Args: noArgs}
	only, asJSON := companyFlag(command), jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			waiting, err := a.Waiting(c.Context(), id, of.kinds...)
			if err != nil {
				return err
			}
			all := make([]waitingTask, len(waiting))
			for i, p := range waiting {
				all[i] = newWaitingTask(p, of.command)
			}
			if *asJSON {
				return writeJSON(r.out, all)
			}
			return r.writeTasks(all, of.none)
		})
	}
	command.AddCommand(r.tasksRetry(of), r.tasksSkip(of))
	return command
}

func (r *root) tasksRetry(of tasksOf) *cobra.Command {
	command := &cobra.Command{
		Use:   "retry SUBJECT",
		Short: "Try again what was declined or skipped; an invoice stands for all that is about it",
		Args:  exactly("SUBJECT"),
	}
	only := companyFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			tasks, err := a.RetryTasks(c.Context(), id, of.kinds, args[0], operator())
			if err != nil {
				return err
			}
			return r.writeDecided(tasks, "is tried again with the next load")
		})
	}
	return command
}

func (r *root) tasksSkip(of tasksOf) *cobra.Command {
	command := &cobra.Command{
		Use:   "skip SUBJECT --reason TEXT",
		Short: "Leave something unmade in QuickBooks; an invoice stands for all that is about it",
		Args:  exactly("SUBJECT"),
	}
	only, why := companyFlag(command), reasonFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		if err := why.check(); err != nil {
			return err
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			tasks, err := a.SkipTasks(c.Context(), id, of.kinds, args[0], string(*why), operator())
			if err != nil {
				return err
			}
			return r.writeDecided(tasks, "is skipped")
		})
	}
	return command
}

func (r *root) writeDecided(tasks []schema.Task, outcome string) error {
	for _, t := range tasks {
		if _, err := fmt.Fprintf(r.out, "%s: %s\n", t.Subject, outcome); err != nil {
			return err
		}
	}
	return nil
}

func newWaitingTask(p schema.TaskPosition, command string) waitingTask {
	task := p.Task
	why := whyTask(p)
	w := waitingTask{
		Subject: task.Subject, Kind: "file", Invoice: task.Invoice, Since: instant(task.RecordedAt), State: "held",
		Code: why.code, Cause: why.cause, NextStep: why.next, Owner: why.owner, URL: withoutSecrets(task.File.URL), Item: task.File.Item,
		Commands: []string{fmt.Sprintf("tieout %s skip %s --reason TEXT", command, task.Subject)},
	}
	if task.State == schema.TaskReady {
		w.State, w.Since = "declined", instant(p.Posting.RecordedAt)
		w.Commands = append([]string{fmt.Sprintf("tieout %s retry %s", command, task.Subject)}, w.Commands...)
	}
	amount := task.Payment.Amount
	switch task.Kind {
	case schema.PostPayment:
		w.Kind, w.Source, w.Worker, w.Date = "payment", task.Payment.Source, task.Payment.Worker, task.Payment.On.String()
	case schema.PostTransfer:
		w.Kind, w.Source, w.Date, amount = "top_up", task.Transfer.TopUp, task.Transfer.On.String(), task.Transfer.Amount
	default:
		return w
	}
	if amount.Currency() == schema.NoCurrency {
		amount = schema.NewMoney(amount.Minor(), "USD") // what Ontop says that it paid, before the invoice is known
	}
	if !amount.IsZero() {
		w.Amount, w.Currency = amount.Decimal(), amount.Currency()
	}
	return w
}

// withoutSecrets returns an address without its user and query, where the signature
// is that opens it to whoever has it.
func withoutSecrets(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return address
	}
	host, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + host[strings.LastIndexByte(host, '@')+1:] + "/" + path
}

// why is why a task waits, what to do about it, and who.
type why struct {
	code, cause, next string
	owner             schema.Owner
}

func whyTask(p schema.TaskPosition) why {
	if p.Task.State != schema.TaskReady || p.Posting.State != schema.PostingDeclined {
		return why{cause: p.Task.Hold.Detail, next: p.Task.Hold.NextStep, owner: p.Task.Hold.Owner}
	}
	fault := p.Posting.Fault
	return why{code: fault.Code, cause: fault.Meaning, next: fault.Next, owner: fault.Owner}
}

func (r *root) writeTasks(all []waitingTask, none string) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(r.out, none)
		return err
	}
	var page strings.Builder
	for _, w := range all {
		fmt.Fprintf(&page, "%s  %s", clean(w.Subject), w.Kind)
		for _, text := range []string{w.Date, strings.TrimSpace(w.Amount + " " + string(w.Currency)), workerText(w.Worker), clean(w.URL)} {
			if text != "" {
				fmt.Fprintf(&page, "  %s", text)
			}
		}
		fmt.Fprintf(&page, "  since %s\n", w.Since)
		state := w.State
		if w.Code != "" {
			state += " (" + clean(w.Code) + ")"
		}
		page.WriteString(wrapped(4, state, w.Cause))
		page.WriteString(wrapped(6, "next", w.NextStep))
		if !strings.Contains(w.NextStep, "tieout ") { // which says by itself how to go on
			page.WriteString(wrapped(6, "then", strings.Join(w.Commands, ", or ")))
		}
	}
	_, err := fmt.Fprint(r.out, page.String())
	return err
}

func workerText(id schema.WorkerID) string {
	if id == "" {
		return ""
	}
	return "worker " + clean(string(id))
}
