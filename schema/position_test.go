package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func TestPosition_Amended(t *testing.T) {
	t.Parallel()

	// content is what an invoice says after its n-th change; 0 is what was posted.
	content := func(n int) schema.Sum { return schema.SumOf("content", string(rune('0'+n))) }
	posted := func(n int, corrections ...schema.TaskPosition) schema.Position {
		return schema.Position{
			Invoice: schema.Invoice{ID: "1"}, Content: content(n), Draft: schema.Draft{Content: content(0)},
			Posting: schema.Posting{State: schema.PostingPosted}, Corrections: corrections,
		}
	}
	cancelled := func(p schema.Position) schema.Position {
		p.Invoice.Status = schema.StatusCancelled
		return p
	}
	correction := func(round, says int, state schema.TaskState, posting schema.PostingState) schema.TaskPosition {
		return schema.TaskPosition{
			Task: schema.Task{
				Kind: schema.PostCorrection, Subject: schema.CorrectionSubject("1", round, 1), Invoice: "1", State: state,
				Correction: schema.Correction{Content: content(says)},
			},
			Posting: schema.Posting{State: posting},
		}
	}
	cancels := func(c schema.TaskPosition) schema.TaskPosition {
		c.Task.Correction.Cancelled = true
		return c
	}
	const none = schema.PostingState("")
	open := posted(1)
	open.Posting.State = schema.PostingUncertain
	unknown := posted(1)
	unknown.Invoice.ID = ""

	for name, c := range map[string]struct {
		position schema.Position
		amended  bool
	}{
		"as posted":                      {posted(0), false},
		"changed":                        {posted(1), true},
		"changed, outcome unknown":       {open, false},
		"no invoice":                     {unknown, false},
		"cancelled":                      {cancelled(posted(0)), true},
		"cancelled and proposed so":      {cancelled(posted(0, cancels(correction(1, 0, schema.TaskProposed, none)))), false},
		"cancelled after a correction":   {cancelled(posted(1, correction(1, 1, schema.TaskReady, schema.PostingPosted))), true},
		"proposed":                       {posted(1, correction(1, 1, schema.TaskProposed, none)), false},
		"proposed, changed again":        {posted(2, correction(1, 1, schema.TaskProposed, none)), true},
		"proposed, went back":            {posted(0, correction(1, 1, schema.TaskProposed, none)), true},
		"held, went back":                {posted(0, correction(1, 1, schema.TaskHeld, none)), true},
		"approved, went back":            {posted(0, correction(1, 1, schema.TaskReady, none)), true},
		"corrected":                      {posted(1, correction(1, 1, schema.TaskReady, schema.PostingPosted)), false},
		"corrected, went back":           {posted(0, correction(1, 1, schema.TaskReady, schema.PostingPosted)), true},
		"accepted":                       {posted(1, correction(1, 1, schema.TaskAccepted, none)), false},
		"accepted, went back":            {posted(0, correction(1, 1, schema.TaskAccepted, none)), false},
		"accepted, changed again":        {posted(2, correction(1, 1, schema.TaskAccepted, none)), true},
		"accepted as it was sent":        {posted(0, correction(1, 1, schema.TaskAccepted, schema.PostingNamed)), true},
		"corrected, accepted, went back": {posted(1, correction(1, 1, schema.TaskReady, schema.PostingPosted), correction(2, 2, schema.TaskAccepted, none)), false},
		"corrected twice": {posted(2, correction(10, 2, schema.TaskReady, schema.PostingPosted),
			correction(9, 1, schema.TaskReady, schema.PostingPosted)), false},
		"an older one still waits": {posted(2, correction(1, 1, schema.TaskProposed, none), correction(2, 2, schema.TaskReady, none)), true},
		"an older one was sent":    {posted(2, correction(1, 1, schema.TaskProposed, schema.PostingPosted), correction(2, 2, schema.TaskReady, none)), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.amended, c.position.Amended())
		})
	}
}
