//! Names and what stands in their place, in fields and in sentences.

use std::collections::{BTreeMap, BTreeSet};

/// Names that were met, without case, and what stands in their place.
#[derive(Debug, Default)]
pub struct Names {
    /// By folded name.
    tokens: BTreeMap<String, Token>,
    /// To find names in sentences: by its first word in lower case, a name in lower case from that word on, and what
    /// stands for it.
    by_word: BTreeMap<String, BTreeMap<String, String>>,
    /// Domains of the organization, folded.
    own_domains: BTreeSet<String>,
    /// Other domains, folded.
    other_domains: BTreeMap<String, usize>,
    /// How many numbered names there are.
    numbered: usize,
}

#[derive(Debug)]
struct Token {
    text: String,
    /// Spellings in the order met. A second spelling gets a token of its own, or a change of case could not be seen.
    spellings: Vec<String>,
}

impl Names {
    /// A domain that stays readable.
    pub fn own_domain(&mut self, domain: &str) {
        self.own_domains.insert(domain.to_lowercase());
    }

    /// From now on `id` stands for `name`, unless something else does already.
    pub fn is_known_as(&mut self, name: &str, id: &str) {
        let folded = name.to_lowercase();
        if name.is_empty() || name == id || self.tokens.contains_key(&folded) {
            return;
        }
        let from_word = name.trim_start_matches(|c: char| !c.is_alphanumeric());
        if let Some(word) = first_word(from_word) {
            self.by_word.entry(word.to_lowercase()).or_default().insert(from_word.to_lowercase(), id.to_owned());
        }
        self.tokens.insert(folded, Token { text: id.to_owned(), spellings: vec![name.to_owned()] });
    }

    /// What stands for `name`, if it is known.
    pub fn known(&self, name: &str) -> Option<String> {
        self.tokens.get(&name.to_lowercase()).map(|token| token.text.clone())
    }

    /// What stands for `name`; a new one gets the next number.
    pub fn name(&mut self, name: &str) -> String {
        if name.is_empty() || is_id(name) {
            return name.to_owned();
        }
        if name.contains('@') {
            return self.address(name);
        }
        let folded = name.to_lowercase();
        if !self.tokens.contains_key(&folded) {
            self.numbered += 1;
            let token = format!("name-{}", self.numbered);
            self.is_known_as(name, &token);
        }
        match self.tokens.get_mut(&folded) {
            None => folded,
            Some(token) => match token.spellings.iter().position(|spelling| spelling == name) {
                Some(0) => token.text.clone(),
                Some(n) => format!("{}-{}", token.text, n + 1),
                None => {
                    token.spellings.push(name.to_owned());
                    format!("{}-{}", token.text, token.spellings.len())
                }
            },
        }
    }

    /// What stands for an attribute's value: an address with its type, a plain address, an id, or a name.
    pub fn value(&mut self, value: &str) -> String {
        if is_id(value) {
            return value.to_owned();
        }
        match value.split_once(':') {
            Some((kind, rest)) if !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric()) => {
                format!("{kind}:{}", self.name(rest))
            }
            _ => self.name(value),
        }
    }

    /// `local@domain`: the local part is a name; the domain stays if it is the organization's.
    fn address(&mut self, address: &str) -> String {
        let Some((local, domain)) = address.rsplit_once('@') else { return self.name(address) };
        let local = if local.contains('@') { self.name(&local.replace('@', "#")) } else { self.name(local) };
        let folded = domain.to_lowercase();
        if self.own_domains.contains(&folded) {
            return format!("{local}@{domain}");
        }
        let next = self.other_domains.len() + 1;
        let number = *self.other_domains.entry(folded).or_insert(next);
        format!("{local}@domain-{number}.invalid")
    }

    /// A sentence with every known name in it replaced, and every address and `CN=…` whether known or not.
    pub fn sentence(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut in_word = false;
        while let Some(c) = rest.chars().next() {
            let found = if !in_word && c.is_alphanumeric() { self.at_word(rest) } else { None };
            if let Some((replacement, length)) = found {
                out.push_str(&replacement);
                rest = &rest[length..];
                in_word = false;
                continue;
            }
            in_word = c.is_alphanumeric();
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        // Names without a single letter or digit have no word to be found by.
        for (folded, token) in &self.tokens {
            if !folded.contains(char::is_alphanumeric) {
                out = out.replace(folded.as_str(), &token.text);
            }
        }
        out
    }

    /// The replacement for what stands at the start of `rest`, which is the start of a word, and its length in octets.
    fn at_word(&mut self, rest: &str) -> Option<(String, usize)> {
        let run = address_run(rest);
        if is_id(run) {
            return Some((run.to_owned(), run.len()));
        }
        // A known name may begin with an address and go on after it.
        let known = self.known_at(rest);
        if known.as_ref().is_some_and(|(_, length)| *length > run.len()) {
            return known;
        }
        if let Some((local, domain)) = run.rsplit_once('@')
            && !local.is_empty()
            && !domain.is_empty()
        {
            let (kind, address) = match run.split_once(':') {
                Some((kind, address)) => (&run[..=kind.len()], address),
                None => ("", run),
            };
            return Some((format!("{kind}{}", self.name(address)), run.len()));
        }
        if known.is_some() {
            return known;
        }
        let value = rest.get(..3).filter(|start| start.eq_ignore_ascii_case("CN=")).map(|_| &rest[3..])?;
        let end = unescaped_end(value);
        (end > 0).then(|| (format!("CN={}", self.name(&value[..end])), 3 + end))
    }

    /// The longest known name at the start of `rest` that ends where a word ends.
    fn known_at(&self, rest: &str) -> Option<(String, usize)> {
        let word = first_word(rest)?.to_lowercase();
        let candidates = self.by_word.get(&word)?;
        let mut best: Option<(&str, usize)> = None;
        for (folded, token) in candidates {
            if let Some(length) = folded_prefix(rest, folded)
                && !rest[length..].chars().next().is_some_and(char::is_alphanumeric)
                && best.is_none_or(|(_, longest)| length > longest)
            {
                best = Some((token, length));
            }
        }
        best.map(|(token, length)| (token.to_owned(), length))
    }
}

/// How many octets of `text` spell `folded` when case is ignored.
fn folded_prefix(text: &str, folded: &str) -> Option<usize> {
    let mut wanted = folded.chars();
    let mut length = 0;
    for c in text.chars() {
        if wanted.as_str().is_empty() {
            break;
        }
        for lower in c.to_lowercase() {
            if wanted.next() != Some(lower) {
                return None;
            }
        }
        length += c.len_utf8();
    }
    wanted.as_str().is_empty().then_some(length)
}

/// The first run of letters and digits, if the text starts with one.
fn first_word(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// What could be an address: up to white space, a quote, a bracket, or a sign that ends a clause.
fn address_run(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || "\"'`<>(),;→[]{}«»“”„".contains(c)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ':', '!', '?'])
}

/// Where the value of a DN's part ends.
fn unescaped_end(value: &str) -> usize {
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' | '"' | '\n' => return at,
            _ => {}
        }
    }
    value.len()
}

/// Whether a text is an id that says nothing about a person to those who cannot ask the directory: a GUID, a SID, an
/// anchor, or a number.
fn is_id(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
        || text.parse::<crate::model::id::Sid>().is_ok()
        || crate::model::anchor::Anchor::from_base64(text).is_ok()
        || (text.len() < 4 && text.chars().all(|c| c.is_ascii_digit()))
        || matches!(text, "true" | "false")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        names.own_domain("contoso.com");
        names.is_known_as("jsmith", "1111");
        names.is_known_as("John Smith", "1111");
        names
    }

    #[test]
    fn fields_keep_their_shape() {
        let mut n = names();
        assert_eq!(n.value("SMTP:jsmith@contoso.com"), "SMTP:1111@contoso.com");
        assert_eq!(n.value("smtp:JSmith@contoso.com"), "smtp:1111-2@contoso.com");
        assert_eq!(n.value("jane@smith-family.example"), "name-1@domain-1.invalid");
        assert_eq!(n.value("x500:/o=Contoso/cn=jane"), "x500:name-2");
        assert_eq!(n.value("iGhmiAEBERG7uxI0VniQqw=="), "iGhmiAEBERG7uxI0VniQqw==");
    }

    #[test]
    fn sentences_lose_names_addresses_and_common_names() {
        let mut n = names();
        assert_eq!(
            n.sentence("John smith (corp\\jsmith, jsmith2) wants SMTP:jane@x.example, says CN=Jane\\, Doe,OU=Y."),
            "1111 (corp\\1111, jsmith2) wants SMTP:name-1@domain-1.invalid, says CN=name-2,OU=Y."
        );
        assert_eq!(n.sentence("the address jsmith@contoso.com."), "the address 1111@contoso.com.");
    }

    #[test]
    fn case_without_a_length_of_its_own_does_not_confuse() {
        let mut n = Names::default();
        n.is_known_as("İpek Ağa", "7");
        n.is_known_as("_svc", "8");
        n.is_known_as("☃", "9");
        assert_eq!(n.sentence("«İPEK AĞA» is _svc, ☃"), "«7» is _8, 9");
    }
}
