//! A Markdown text that stays under GitHub's limit.

/// How many characters a comment or a description on GitHub may have, at most.
///
/// Source: GitHub's own answer to a longer one ("Body is too long (maximum is 65536 characters)").
pub const LIMIT: usize = 65_535;

/// A text that takes pieces as long as they fit.
#[derive(Clone, Debug)]
pub struct Bounded {
    text: String,
    left: usize,
}

impl Bounded {
    /// An empty text of at most `limit` characters.
    pub const fn new(limit: usize) -> Self {
        Self { text: String::new(), left: limit }
    }

    /// How many characters fit still.
    pub const fn left(&self) -> usize {
        self.left
    }

    /// Adds a piece if it fits and leaves `reserve` characters for what must follow. `false` if it did not.
    #[must_use = "a piece that did not fit must be accounted for"]
    pub fn add(&mut self, piece: &str, reserve: usize) -> bool {
        let length = piece.chars().count();
        let fits = length.saturating_add(reserve) <= self.left;
        if fits {
            self.text.push_str(piece);
            self.left -= length;
        }
        fits
    }

    /// Adds a piece per item, one by one; how many did not fit. One oversized piece does not keep the others out, but
    /// once the text is full, the rest is not even written.
    pub fn add_all<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut piece: impl FnMut(T) -> String,
        reserve: usize,
    ) -> usize {
        const FULL_AFTER: usize = 8;
        let mut left_out = 0;
        for item in items {
            if left_out >= FULL_AFTER || !self.add(&piece(item), reserve) {
                left_out += 1;
            }
        }
        left_out
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_or_absent() {
        let mut text = Bounded::new(6);
        assert!(text.add("äöü", 3));
        assert!(!text.add("a", 3));
        assert_eq!(text.add_all(["a", "bcd", "e"], str::to_owned, 0), 1);
        assert_eq!((text.left(), text.finish().as_str()), (1, "äöüae"));
    }
}
