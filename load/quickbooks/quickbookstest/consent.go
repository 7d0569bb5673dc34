package quickbookstest

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// consentForm sends its parameters back to where it came from, with the company
// that the person chose, or with a no.
const consentForm = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Simulated QuickBooks</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem; color: #1c2733 }
fieldset { border: 1px solid #c5ced6; border-radius: .5rem; margin: 1.5rem 0 }
label { display: block; padding: .3rem 0 }
button { font: inherit; padding: .5rem 1.25rem; margin-right: .5rem; border: 1px solid #1c2733; border-radius: .4rem; background: #fff; cursor: pointer }
button.yes { background: #1f6f3f; border-color: #1f6f3f; color: #fff }
small { color: #56636f }
</style>
<h1>Which company may be read and written?</h1>
<p><b>{{.App}}</b> asks to read and write accounting data. You go back to <b>{{.Host}}</b>.</p>
<form method="get" action="{{.Path}}">
{{range .Hidden}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<fieldset><legend>Company</legend>
{{range .Realms}}<label><input type="radio" name="sim_realm" value="{{.Value}}"{{if .First}} checked{{end}}> {{.Name}} ({{.Value}})</label>
{{end}}</fieldset>
<button class="yes" id="connect">Connect</button>
<button id="cancel" name="sim_answer" value="cancel">Cancel</button>
</form>
<p><small>This is a simulator. Nothing here reaches Intuit.</small></p>
`

// option is a value in the form.
type option struct {
	Name, Value string
	First       bool
}

// consentPage asks a person.
func (c *call) consentPage(back *url.URL) answer {
	var hidden, realms []option
	for name, values := range c.params {
		for _, value := range values {
			hidden = append(hidden, option{Name: name, Value: value})
		}
	}
	slices.SortFunc(hidden, func(a, b option) int { return strings.Compare(a.Name, b.Name) })
	for i, id := range c.server.realmIDs() {
		realms = append(realms, option{Name: c.server.realms[id].Name, Value: id, First: i == 0})
	}
	return rendered(http.StatusOK, consentForm, struct {
		App, Host, Path string
		Hidden, Realms  []option
	}{c.params.Get("client_id"), back.Host, c.path, hidden, realms})
}

// page tells a person one thing.
func page(status int, title string) answer {
	const source = `<!doctype html><meta charset="utf-8"><title>Simulated QuickBooks</title><h1>{{.}}</h1>`
	return rendered(status, source, title)
}

func rendered(status int, source string, data any) answer {
	var b strings.Builder
	if err := template.Must(template.New("page").Parse(source)).Execute(&b, data); err != nil {
		panic(err) // a constant template into memory
	}
	return answer{status: status, contentType: "text/html; charset=utf-8", body: []byte(b.String())}
}
