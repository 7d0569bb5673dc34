// Package house holds the tests of the repository itself: who may import whom,
// and where a library lives. It has no code.
package house
