package probe

import (
	"context"
	"strings"
)

// Effect is what an answer means for tieout.
type Effect string

// The effects.
const (
	// Relied is an answer that tieout was built for.
	Relied Effect = "relied_on"

	// Bearable is another one that costs something and loses nothing.
	Bearable Effect = "bearable"

	// Harmful is one that tieout cannot live with: a promise fails until it is
	// changed or configured otherwise.
	Harmful Effect = "harmful"

	// Unforeseen is an answer that the experiment does not know.
	Unforeseen Effect = "unforeseen"
)

// Answer is one that an experiment may find.
type Answer struct {
	// Key names it, such as refused_2040. The key "refused" stands for every
	// refusal whose code has no answer of its own.
	Key string `json:"key"`
	// Meaning is a sentence for people, with what it means for tieout.
	Meaning string `json:"meaning"`
	Effect  Effect `json:"effect"`
}

// Experiment is one question to QuickBooks.
type Experiment struct {
	Name       string   `json:"name"`
	Question   string   `json:"question"`
	Documented string   `json:"documented"`
	Tried      string   `json:"tried"`
	ReliesOn   string   `json:"relies_on"`
	Answers    []Answer `json:"answers"`

	// costly is set where it is asked for by name only.
	costly bool
	run    func(context.Context, *lab) (string, error)
}

// Catalogue returns every experiment, in the order in which they are made. It is
// for reading: only [Run] makes them.
func Catalogue() []Experiment {
	var all []Experiment
	for _, group := range [][]Experiment{
		readBackExperiments(), numberExperiments(), replayExperiments(), replayEdgeExperiments(), batchExperiments(),
		characterExperiments(), lengthExperiments(), clashExperiments(), amountExperiments(), currencyExperiments(),
		referenceExperiments(), accountExperiments(), periodExperiments(), queryExperiments(), literalExperiments(),
		deletionExperiments(), throttleExperiments(),
	} {
		all = append(all, group...)
	}
	return all
}

// Beyond lists what no sandbox can answer, and where the answer is found.
func Beyond() []string {
	return []string{
		"How a batch is metered: see the chart of Core and CorePlus calls in Intuit's developer portal, after a day in production.",
		"What an exhausted monthly quota answers: only production calls are counted.",
		"Whether a replaced refresh token lives on, and what two exchanges of one token do: trying it can end the connection.",
		"Whether faults are worded in the company's language: connect a sandbox of another country and run the probe there.",
	}
}

func relied(key, meaning string) Answer { return Answer{Key: key, Meaning: meaning, Effect: Relied} }

func bearable(key, meaning string) Answer {
	return Answer{Key: key, Meaning: meaning, Effect: Bearable}
}

func harmful(key, meaning string) Answer { return Answer{Key: key, Meaning: meaning, Effect: Harmful} }

const (
	refused = "refused"

	keyAccepted = "accepted"
)

// answer finds what is known about a key.
func (e Experiment) answer(key string) Answer {
	var general *Answer
	for i, a := range e.Answers {
		if a.Key == key {
			return a
		}
		if a.Key == refused && strings.HasPrefix(key, refused+"_") {
			general = &e.Answers[i]
		}
	}
	if general != nil {
		return Answer{Key: key, Meaning: general.Meaning, Effect: general.Effect}
	}
	return Answer{
		Key: key, Effect: Unforeseen,
		Meaning: "Nobody foresaw this answer. Read the evidence, and tell the developers before going to production.",
	}
}

// notTried is why an experiment could not be made.
type notTried struct{ reason string }

func (n notTried) Error() string { return n.reason }
