//! A `$filter`'s text to its tree. Depth and length are limited; no input makes it panic.

use super::expr::{Expr, Function, Literal, Operator};
use super::lexer::{Placed, Token, syntax_error, tokens};
use crate::lab::graph::answer::Refusal;

/// How deep parentheses, `not` and lambdas may nest.
const MAX_DEPTH: usize = 32;

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
}

/// Reads a filter.
///
/// # Errors
/// `BadRequest` with the position, in Graph's words.
pub fn parse(text: &str) -> Result<Expr, Refusal> {
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0 };
    let expr = parser.or()?;
    if parser.next < parser.tokens.len() { Err(parser.error()) } else { Ok(expr) }
}

impl Parser<'_> {
    fn error(&self) -> Refusal {
        syntax_error(self.tokens.get(self.next).map_or(self.text.len(), |(_, at)| *at), self.text)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += usize::from(token.is_some());
        token
    }

    /// Takes the keyword if it comes next. Keywords are lower case; Graph takes `and` in any case, as clients write it.
    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    fn mark(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&Token::Mark(mark));
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, mark: char) -> Result<(), Refusal> {
        if self.mark(mark) { Ok(()) } else { Err(self.error()) }
    }

    fn or(&mut self) -> Result<Expr, Refusal> {
        self.chain("or", Self::and, Expr::Or)
    }

    fn and(&mut self) -> Result<Expr, Refusal> {
        self.chain("and", Self::unary, Expr::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Expr, Refusal>,
        join: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, Refusal> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.keyword(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { join(parts) })
    }

    /// Goes one level down; every recursion passes here.
    fn deeper(&mut self, inner: fn(&mut Self) -> Result<Expr, Refusal>) -> Result<Expr, Refusal> {
        if self.depth == MAX_DEPTH {
            return Err(Refusal::odata("Invalid filter clause: the filter is nested too deeply."));
        }
        self.depth += 1;
        let expr = inner(self)?;
        self.depth -= 1;
        Ok(expr)
    }

    fn unary(&mut self) -> Result<Expr, Refusal> {
        if self.keyword("not") {
            return self.deeper(Self::unary).map(|e| Expr::Not(Box::new(e)));
        }
        if self.mark('(') {
            let expr = self.deeper(Self::or)?;
            self.expect(')')?;
            return Ok(expr);
        }
        let Some(Token::Word(name)) = self.take() else {
            self.next = self.next.saturating_sub(1);
            return Err(self.error());
        };
        if self.peek() == Some(&Token::Mark('(')) {
            return self.call(&name);
        }
        if self.mark('/') {
            return self.member(name);
        }
        self.comparison(name)
    }

    fn call(&mut self, name: &str) -> Result<Expr, Refusal> {
        let function = match name.to_ascii_lowercase().as_str() {
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            _ => {
                return Err(Refusal::odata(format!(
                    "Invalid filter clause: An unknown function with name '{name}' was found."
                )));
            }
        };
        self.expect('(')?;
        let Some(Token::Word(property)) = self.take() else { return Err(self.error()) };
        self.expect(',')?;
        let Some(Token::Value(Literal::Text(value))) = self.take() else { return Err(self.error()) };
        self.expect(')')?;
        // OData allows `startsWith(…) eq true`, and some clients write it.
        if self.keyword("eq") && self.take() != Some(Token::Value(Literal::Bool(true))) {
            return Err(self.error());
        }
        Ok(Expr::Call(function, property, value))
    }

    /// After `name/`: a lambda or a count.
    fn member(&mut self, name: String) -> Result<Expr, Refusal> {
        if self.keyword("$count") {
            let operator = self.operator()?;
            let Some(Token::Value(Literal::Int(number))) = self.take() else { return Err(self.error()) };
            return Ok(Expr::Count(name, operator, number));
        }
        if !self.keyword("any") {
            return Err(self.error());
        }
        self.expect('(')?;
        if self.mark(')') {
            return Ok(Expr::Any { name, lambda: None });
        }
        let Some(Token::Word(variable)) = self.take() else { return Err(self.error()) };
        self.expect(':')?;
        let condition = self.deeper(Self::or)?;
        self.expect(')')?;
        Ok(Expr::Any { name, lambda: Some((variable, Box::new(condition))) })
    }

    fn comparison(&mut self, name: String) -> Result<Expr, Refusal> {
        if self.keyword("in") {
            self.expect('(')?;
            let mut values = vec![self.literal()?];
            while self.mark(',') {
                values.push(self.literal()?);
            }
            self.expect(')')?;
            return Ok(Expr::In(name, values));
        }
        let operator = self.operator()?;
        Ok(Expr::Compare(name, operator, self.literal()?))
    }

    fn operator(&mut self) -> Result<Operator, Refusal> {
        let all = [Operator::Eq, Operator::Ne, Operator::Ge, Operator::Le];
        match all.into_iter().find(|o| matches!(self.peek(), Some(Token::Word(w)) if w == o.word())) {
            Some(operator) => {
                self.next += 1;
                Ok(operator)
            }
            None => Err(self.error()),
        }
    }

    fn literal(&mut self) -> Result<Literal, Refusal> {
        match self.take() {
            Some(Token::Value(literal)) => Ok(literal),
            _ => Err(self.error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn precedence_is_not_and_or() {
        let expr = parse("not mail eq 'a' and mail eq 'b' or mail eq 'c'").unwrap();
        let Expr::Or(parts) = expr else { panic!("{expr:?}") };
        assert!(matches!(&parts[0], Expr::And(p) if matches!(p[0], Expr::Not(_))));
    }

    #[test]
    fn quotes_double_and_keywords_are_words() {
        let expr = parse("displayName eq 'O''Brien & (or) #1'").unwrap();
        assert_eq!(expr, Expr::Compare("displayName".into(), Operator::Eq, Literal::Text("O'Brien & (or) #1".into())));
    }

    #[test]
    fn a_guid_may_start_with_a_letter() {
        let expr = parse("principalId eq abcdef01-2345-6789-abcd-ef0123456789").unwrap();
        assert!(matches!(expr, Expr::Compare(_, Operator::Eq, Literal::Guid(_))));
    }

    #[test]
    fn broken_filters_are_refused_with_a_position() {
        for text in
            ["", "mail", "mail eq", "mail eq 'x", "(mail eq 'x'", "mail eq 'x')", "mail xx 'x'", "any()", "mail eq x"]
        {
            let refusal = parse(text).unwrap_err();
            assert!(refusal.message.starts_with("Invalid filter clause"), "{text}: {}", refusal.message);
        }
        let deep = format!("{}mail eq 'x'{}", "(".repeat(3000), ")".repeat(3000));
        assert!(parse(&deep).unwrap_err().message.contains("deeply"));
        assert!(parse(&"not ".repeat(1500)).is_err());
        assert!(parse(&"x".repeat(9000)).unwrap_err().message.contains("long"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn no_mix_of_tokens_panics(parts in prop::collection::vec(
            prop::sample::select(vec!["not", "and", "or", "(", ")", "mail", "eq", "in", "'a'", "any", "/", ":", ",",
                "$count", "1", "null", "startsWith", "x", "2026-01-01T00:00:00Z", "-", "'"]), 0..20)) {
            let _ = parse(&parts.join(" "));
        }
    }
}
