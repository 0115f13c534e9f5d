//! The tree of a `$filter`.

use jiff::Timestamp;

/// A value written in a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// `'text'`.
    Text(String),
    /// A GUID without quotes.
    Guid(String),
    /// A point in time without quotes.
    Time(Timestamp),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater or equal.
    Ge,
    /// Less or equal.
    Le,
}

/// A function of a property and a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `startsWith`.
    StartsWith,
    /// `endsWith`.
    EndsWith,
}

/// A condition. A name is a property of the entity, or within [`Expr::Any`] the lambda's variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All hold.
    And(Vec<Expr>),
    /// One holds.
    Or(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// `name op value`.
    Compare(String, Operator, Literal),
    /// `name in (…)`.
    In(String, Vec<Literal>),
    /// `startsWith(name,'…')`.
    Call(Function, String, String),
    /// `name/any(variable:condition)`, or `name/any()`.
    Any {
        /// The collection.
        name: String,
        /// The variable and its condition.
        lambda: Option<(String, Box<Expr>)>,
    },
    /// `name/$count op number`.
    Count(String, Operator, i64),
}

impl Operator {
    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Ge => "ge",
            Self::Le => "le",
        }
    }
}
