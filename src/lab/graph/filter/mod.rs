//! `$filter`: OData's language as far as Graph's directory speaks it.
//!
//! [`lexer`] → [`parser`] (text to [`expr::Expr`]) → [`support`] (does this property know this operator, and does it need
//! an advanced query?) → [`eval`]. Sources: OData 4.01 URL conventions, section 5.1.1; Microsoft Graph, "Use the $filter
//! query parameter" and "Advanced query capabilities on Microsoft Entra ID objects".

pub mod eval;
pub mod expr;
pub mod lexer;
pub mod narrow;
pub mod parser;
pub mod support;
