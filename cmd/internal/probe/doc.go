// Package probe checks on a sandbox company what tieout had to assume about
// QuickBooks Online, because no source documents it or sources disagree.
//
// # Promises
//
// Everything that it writes is named "tieout probe", and is removed again at the
// end, also when the run is interrupted: its bills are deleted; its vendors,
// customers, employees and accounts, which QuickBooks never deletes, become
// inactive. What could not be removed is in the report. Records of others are
// read and never written.
//
// A finding never depends on the words of a fault: it is decided by codes and by
// what the books hold afterwards. Evidence quotes words only of faults about the
// probe's own records, and holds no token.
//
// An answer that nobody foresaw is reported as that, and never as the one that
// tieout relies on.
//
// # What it does not do
//
// It keeps nothing between runs, changes no setting of the company, and never
// asks for a duplicate document number. It does not know whether a company is a
// sandbox: see [Allowed]. What only a production company can answer is listed by
// [Beyond].
package probe
