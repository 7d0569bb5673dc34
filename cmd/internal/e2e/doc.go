// Package e2e holds the tests of the whole product: the real program as a child
// process, between a pretended Ontop and a pretended QuickBooks, killed, stopped,
// starved and disconnected. It has no code.
package e2e
