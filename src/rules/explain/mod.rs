//! The manual: a page for every finding code and for everything that Microsoft's side answers. Pure data and look-up.
//!
//! | module | what |
//! |---|---|
//! | [`topic`] | what there is a page about |
//! | [`message`] | Microsoft's messages that are no error of an export |
//! | [`page`] | the form of a page |
//! | [`catalogue`] | which page belongs to which topic: a topic without a page does not compile |
//! | [`pages`] | the pages themselves, by theme |
//! | [`source`] | Microsoft's public pages that they rest on |
//! | [`lookup`] | from a code, a name or a pasted message to its pages, best first |

pub mod catalogue;
pub mod lookup;
pub mod message;
pub mod page;
pub mod pages;
pub mod source;
pub mod topic;

#[cfg(test)]
mod tests;
