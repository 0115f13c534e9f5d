//! Look-ups over a snapshot.
