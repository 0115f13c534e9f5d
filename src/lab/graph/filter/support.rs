//! Which operators a property knows, and which of them need an advanced query.

use super::expr::{Expr, Function, Literal, Operator};
use crate::lab::graph::answer::Refusal;
use crate::lab::graph::odata::entity::{EntityType, Kind, Level, Property, Use};

/// Graph refuses more conditions than this on directory objects.
const MAX_CLAUSES: usize = 15;

/// Checks names, types and operators against the entity, and returns the filter with the properties' names spelled as
/// Graph spells them.
///
/// # Errors
/// An unknown property, a value of another type, an operator that the property does not know, too many conditions, or
/// an advanced query without its parameters (`advanced` says whether they are there).
pub fn check(expr: Expr, entity: &EntityType, advanced: bool) -> Result<Expr, Refusal> {
    let mut checker = Checker { entity, advanced, clauses: 0 };
    let expr = checker.condition(expr, None)?;
    if checker.clauses > MAX_CLAUSES && entity.is_directory_object {
        return Err(Refusal::unsupported_query(format!(
            "Too many child clauses specified in search filter expression containing 'OR' operators: {}. Max allowed: \
             {MAX_CLAUSES}.",
            checker.clauses
        )));
    }
    Ok(expr)
}

struct Checker<'a> {
    entity: &'a EntityType,
    advanced: bool,
    clauses: usize,
}

/// Inside a lambda: its variable and the collection it runs over.
type Scope<'a> = Option<(&'a str, &'static Property)>;

impl Checker<'_> {
    fn condition(&mut self, expr: Expr, scope: Scope) -> Result<Expr, Refusal> {
        Ok(match expr {
            Expr::And(parts) => Expr::And(self.all(parts, scope)?),
            Expr::Or(parts) => Expr::Or(self.all(parts, scope)?),
            Expr::Not(inner) => {
                let inner = self.condition(*inner, scope)?;
                self.needs_advanced("Not")?;
                Expr::Not(Box::new(inner))
            }
            Expr::Compare(name, operator, value) => {
                let property = self.operand(&name, scope)?;
                let used = match (operator, &value) {
                    (Operator::Eq, Literal::Null) => Use::Null,
                    (Operator::Eq, _) => Use::Eq,
                    (Operator::Ne, _) => Use::Ne,
                    (Operator::Ge, _) => Use::Ge,
                    (Operator::Le, _) => Use::Le,
                };
                self.clause(property, used)?;
                let value = typed(property, value, operator.word())?;
                Expr::Compare(spelled(name, property, scope), operator, value)
            }
            Expr::In(name, values) => {
                let property = self.operand(&name, scope)?;
                self.clause(property, Use::In)?;
                self.clauses += values.len() - 1;
                let values = values.into_iter().map(|v| typed(property, v, "in")).collect::<Result<_, _>>()?;
                Expr::In(spelled(name, property, scope), values)
            }
            Expr::Call(function, name, value) => {
                let property = self.operand(&name, scope)?;
                let used = match function {
                    Function::StartsWith => Use::StartsWith,
                    Function::EndsWith => Use::EndsWith,
                };
                self.clause(property, used)?;
                if !matches!(property.kind, Kind::Text | Kind::Texts) {
                    return Err(Refusal::odata(format!(
                        "Invalid filter clause: No function signature for the function with name '{}' matches the \
                         specified arguments.",
                        if function == Function::StartsWith { "startswith" } else { "endswith" }
                    )));
                }
                Expr::Call(function, spelled(name, property, scope), value)
            }
            Expr::Any { name, lambda } => {
                let property = self.collection(&name, scope)?;
                let lambda = match lambda {
                    None => {
                        self.clause(property, Use::Ne)?;
                        None
                    }
                    Some((variable, inner)) => {
                        let inner = self.condition(*inner, Some((&variable, property)))?;
                        Some((variable, Box::new(inner)))
                    }
                };
                Expr::Any { name: property.name.to_owned(), lambda }
            }
            Expr::Count(name, operator, number) => {
                let property = self.collection(&name, scope)?;
                self.clauses += 1;
                if !matches!(operator, Operator::Eq | Operator::Ne) || number != 0 {
                    return Err(unsupported(property, self.entity));
                }
                self.needs_advanced("$count")?;
                Expr::Count(property.name.to_owned(), operator, number)
            }
        })
    }

    fn all(&mut self, parts: Vec<Expr>, scope: Scope) -> Result<Vec<Expr>, Refusal> {
        parts.into_iter().map(|p| self.condition(p, scope)).collect()
    }

    /// The property that a comparison is about: outside a lambda a single value, inside the variable's elements.
    fn operand(&self, name: &str, scope: Scope) -> Result<&'static Property, Refusal> {
        if let Some((variable, property)) = scope {
            if name == variable {
                return Ok(property);
            }
            return Err(unsupported(property, self.entity));
        }
        let property = self.entity.filterable(name)?;
        if property.kind == Kind::Texts {
            return Err(Refusal::odata(format!(
                "Invalid filter clause: '{}' is a collection; use the any operator.",
                property.name
            )));
        }
        Ok(property)
    }

    fn collection(&self, name: &str, scope: Scope) -> Result<&'static Property, Refusal> {
        let property = self.entity.filterable(name)?;
        if scope.is_some() || property.kind != Kind::Texts {
            return Err(unsupported(property, self.entity));
        }
        Ok(property)
    }

    fn clause(&mut self, property: &Property, used: Use) -> Result<(), Refusal> {
        self.clauses += 1;
        match property.level(used) {
            Level::Default => Ok(()),
            Level::Advanced => self.needs_advanced(used.word()),
            Level::Never => Err(unsupported(property, self.entity)),
        }
    }

    fn needs_advanced(&self, operator: &str) -> Result<(), Refusal> {
        // Role management is no directory object: it filters without the parameters.
        if self.advanced || !self.entity.is_directory_object {
            return Ok(());
        }
        Err(Refusal::unsupported_query(format!(
            "Operator '{operator}' is not supported because the required parameters might be missing. Try adding \
             $count=true query parameter and ConsistencyLevel:eventual header. Refer to \
             https://aka.ms/graph-docs/advanced-queries for more information"
        )))
    }
}

/// Within a lambda the variable's name stands; elsewhere the property's, as Graph spells it.
fn spelled(name: String, property: &Property, scope: Scope) -> String {
    if scope.is_some() { name } else { property.name.to_owned() }
}

fn unsupported(property: &Property, entity: &EntityType) -> Refusal {
    Refusal::unsupported_query(format!(
        "Unsupported or invalid query filter clause specified for property '{}' of resource '{}'.",
        property.name,
        entity.resource()
    ))
}

/// The value, if the property can be compared with it. An id may be written with or without quotes.
fn typed(property: &Property, value: Literal, operator: &str) -> Result<Literal, Refusal> {
    let fits = match (property.kind, &value) {
        (_, Literal::Null)
        | (Kind::Text | Kind::Texts, Literal::Text(_))
        | (Kind::Bool, Literal::Bool(_))
        | (Kind::Int, Literal::Int(_))
        | (Kind::Date, Literal::Time(_)) => true,
        (Kind::Text, Literal::Guid(_)) => property.name.eq_ignore_ascii_case("id") || property.name.ends_with("Id"),
        _ => false,
    };
    if fits {
        return Ok(if let Literal::Guid(guid) = value { Literal::Text(guid) } else { value });
    }
    Err(Refusal::odata(format!(
        "Invalid filter clause: A binary operator with incompatible types was detected at '{} {operator}'. '{}' is {}.",
        property.name,
        property.name,
        property.kind.edm()
    )))
}
