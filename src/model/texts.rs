//! Several texts in one allocation. A directory of a million users holds ten million short texts, and an allocation of
//! its own for each would cost more than the texts.

use std::fmt;

/// Texts in order, end to end, each behind its length.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Texts(Box<str>);

/// How many bits of a length one character holds; the next one says that more follow.
const BITS: u32 = 6;
const MORE: u8 = 1 << BITS;

impl Texts {
    /// The texts, in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(&self.0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Puts [`Texts`] together.
#[derive(Debug, Default)]
pub struct Packer(String);

impl Packer {
    /// One more text.
    pub fn push(&mut self, text: &str) {
        let mut length = text.len();
        loop {
            // Six bits are an ASCII character of their own.
            let low = u8::try_from(length & usize::from(MORE - 1)).unwrap_or_default();
            length >>= BITS;
            self.0.push(char::from(if length == 0 { low } else { low | MORE }));
            if length == 0 {
                break;
            }
        }
        self.0.push_str(text);
    }

    /// All of them.
    pub fn finish(&self) -> Texts {
        Texts(Box::from(self.0.as_str()))
    }
}

/// The texts of a [`Texts`], in order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(&'a str);

impl<'a> Iterator for Iter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (mut length, mut shift) = (0, 0);
        for (at, octet) in self.0.bytes().enumerate() {
            length |= usize::from(octet & (MORE - 1)) << shift;
            shift += BITS;
            if octet & MORE == 0 {
                let (text, rest) = self.0.split_at(at + 1).1.split_at(length);
                self.0 = rest;
                return Some(text);
            }
        }
        None
    }
}

impl<S: AsRef<str>> FromIterator<S> for Texts {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        let mut packer = Packer::default();
        texts.into_iter().for_each(|text| packer.push(text.as_ref()));
        packer.finish()
    }
}

impl<'a> IntoIterator for &'a Texts {
    type Item = &'a str;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(texts in proptest::collection::vec("\\PC{0,5}|[\\x00-\\x7f]{0,150}", 0..8)) {
            let packed: Texts = texts.iter().collect();
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), texts);
        }
    }

    #[test]
    fn a_length_takes_as_many_characters_as_it_needs() {
        let lengths = [0, 1, 63, 64, 4095, 4096, 300_000];
        let texts: Vec<String> = lengths.map(|length| "ü".repeat(length / 2) + &"x".repeat(length % 2)).into();
        let packed: Texts = texts.iter().collect();
        assert_eq!(packed.iter().collect::<Vec<_>>(), texts);
        assert!(Texts::default().iter().next().is_none());
    }
}
