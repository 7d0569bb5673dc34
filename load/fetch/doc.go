// Package fetch gets a file from an address that somebody else chose, such as the
// PDF of an invoice, without being led anywhere else by it.
//
// # Guarantees
//
// A file is fetched by https, from port 443 of a host with a public address, unless
// the operator named the host: see [ParseHosts]. The address of every connection is
// checked where it is made, after the name was resolved, so that a name that means
// something else a moment later does not help; each redirect is checked like the
// first address, there are at most five, and none leads from https to http.
//
// Nothing of ours goes along: no cookie, no password, no referrer. No proxy is used,
// and HTTP_PROXY is not looked at, because a proxy resolves names by itself and what
// it reaches could not be checked. An installation without a direct way out names a
// host of its own that has the files.
//
// Time and memory are bounded whatever the other side does: how long it may take to
// connect, to begin, and altogether, how slowly it may send, and how much, before
// and after decompression. A fetch holds up to three times Config.Limit.
//
// What a file is, is decided by its bytes: a page of HTML where a PDF was promised
// is refused as that, whatever its header says. Only the kinds that QuickBooks takes
// are returned.
//
// What goes wrong is a [*Problem]: whether it may pass, what happened and who can
// mend it, in words for finance. It tells the host and the last element of the path;
// an address as a whole may hold a signature that is as good as a password, and is
// in no error.
//
// # What it does not do
//
// It tries once: whoever calls decides when again. It does not look for malware.
package fetch
