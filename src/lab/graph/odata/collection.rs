//! Collections and single objects: `$filter`, `$orderby`, `$count`, `$top`, `$skiptoken`, `$select`.

use super::entity::{EntityType, Level, Property};
use super::page::SkipToken;
use crate::lab::graph::answer::{Answer, Object, Refusal, Reply};
use crate::lab::graph::filter::expr::Expr;
use crate::lab::graph::filter::{eval, parser, support};
use crate::lab::graph::request::Request;
use serde_json::{Value, json};

/// The largest page.
const MAX_TOP: usize = 999;

/// A resource that an answer is about.
#[derive(Debug)]
pub struct Resource {
    /// Its type.
    pub entity: &'static EntityType,
    /// What `@odata.context` names, such as `users`.
    pub context: &'static str,
}

/// An object that stands among others of other types.
#[derive(Debug)]
pub struct Item {
    /// Its type.
    pub entity: &'static EntityType,
    /// The object.
    pub object: Object,
}

impl Item {
    /// With its type, and of the selected properties those that its type has.
    fn shown(&self, select: Option<&[&'static Property]>) -> Object {
        let own = |property: &&'static Property| self.entity.properties.iter().find(|p| p.name == property.name);
        let properties = select.map_or_else(|| self.entity.shown(), |chosen| chosen.iter().filter_map(own).collect());
        let mut out = Object::new();
        out.insert("@odata.type".to_owned(), json!(format!("#microsoft.graph.{}", self.entity.name)));
        out.append(&mut self.entity.project(self.object.clone(), &properties));
        out
    }
}

/// What the query options ask for.
pub(super) struct Options {
    pub(super) select: Option<Vec<&'static Property>>,
    pub(super) filter: Option<Expr>,
    pub(super) order: Option<(&'static str, bool)>,
    pub(super) top: Option<usize>,
    pub(super) skip: Option<SkipToken>,
}

impl Resource {
    /// A page of a collection.
    ///
    /// # Errors
    /// A query that Graph refuses.
    pub fn list<T>(
        &self,
        request: &Request,
        items: impl IntoIterator<Item = T>,
        view: impl Fn(&T) -> Object,
        id: impl Fn(&T) -> String,
    ) -> Answer {
        let options = self.options(request)?;
        let properties = options.select.clone().unwrap_or_else(|| self.entity.shown());
        Ok(self.page(request, &options, items, &view, id, |item| self.shape(request, view(item), &properties)))
    }

    /// A page of objects of several types: each shows what its own type does, of what a `$select` names.
    ///
    /// # Errors
    /// A query that Graph refuses.
    pub fn objects(&self, request: &Request, items: Vec<Item>) -> Answer {
        let options = self.options(request)?;
        let id = |item: &Item| item.object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let view = |item: &Item| item.object.clone();
        Ok(self.page(request, &options, items, &view, id, |item| item.shown(options.select.as_deref())))
    }

    /// One object of any type, with `@odata.context`.
    ///
    /// # Errors
    /// A query that Graph refuses.
    pub fn single_object(&self, request: &Request, item: &Item) -> Answer {
        let options = self.options_of_one(request)?;
        let mut out = Object::new();
        out.insert("@odata.context".to_owned(), self.context(request, true).into());
        out.append(&mut item.shown(options.select.as_deref()));
        Ok(Reply::object(out))
    }

    /// The part of what was found that this request shows, each item as `shape` shows it.
    fn page<T>(
        &self,
        request: &Request,
        options: &Options,
        items: impl IntoIterator<Item = T>,
        view: &impl Fn(&T) -> Object,
        id: impl Fn(&T) -> String,
        shape: impl Fn(&T) -> Object,
    ) -> Reply {
        let found = matching(items, options, view);
        let ids: Vec<String> = found.iter().map(&id).collect();
        let total = found.len();
        let start = options.skip.as_ref().map_or(0, |token| token.resume(ids.iter().map(String::as_str))).min(total);
        let size = options.top.or(self.entity.page).unwrap_or(total).max(1);
        let end = start.saturating_add(size).min(total);
        let next =
            (end < total && self.entity.page.is_some()).then(|| SkipToken { after: ids[end - 1].clone(), seen: end });
        let value = found[start..end].iter().map(|item| Value::Object(shape(item))).collect();
        let count = self.shows_count(request, options).then_some(total);
        self.envelope(request, count, next.as_ref(), value)
    }

    /// Whether the page tells how many objects there are in all.
    pub(super) fn shows_count(&self, request: &Request, options: &Options) -> bool {
        request.wants_count() && options.skip.is_none() && (request.is_eventual() || !self.entity.is_directory_object)
    }

    /// A page with what stands around its objects.
    pub(super) fn envelope(
        &self,
        request: &Request,
        count: Option<usize>,
        next: Option<&SkipToken>,
        value: Vec<Value>,
    ) -> Reply {
        let mut page = Object::new();
        page.insert("@odata.context".to_owned(), self.context(request, false).into());
        page.extend(count.map(|count| ("@odata.count".to_owned(), count.into())));
        let link = next.map(|token| request.url_with("$skiptoken", &token.encode()));
        page.extend(link.map(|link| ("@odata.nextLink".to_owned(), link.into())));
        page.insert("value".to_owned(), value.into());
        Reply::object(page)
    }

    /// How many there are (`/$count`).
    ///
    /// # Errors
    /// A query that Graph refuses; on directory objects, one without `ConsistencyLevel: eventual`.
    pub fn count<T>(
        &self,
        request: &Request,
        items: impl IntoIterator<Item = T>,
        view: impl Fn(&T) -> Object,
    ) -> Answer {
        if self.entity.is_directory_object && !request.is_eventual() {
            return Err(Refusal::bad_request("$count is not currently supported."));
        }
        let options = self.options(request)?;
        Ok(Reply::text(matching(items, &options, &view).len().to_string()))
    }

    /// One object, with `@odata.context`.
    ///
    /// # Errors
    /// A `$select` or `$expand` that Graph refuses, or options that make no sense on one object.
    pub fn single(&self, request: &Request, object: Object) -> Answer {
        let options = self.options_of_one(request)?;
        let mut out = Object::new();
        out.insert("@odata.context".to_owned(), self.context(request, true).into());
        let properties = options.select.unwrap_or_else(|| self.entity.shown());
        out.append(&mut self.shape(request, object, &properties));
        Ok(Reply::object(out))
    }

    pub(super) fn options_of_one(&self, request: &Request) -> Result<Options, Refusal> {
        if let Some(option) = ["$filter", "$top", "$orderby", "$search", "$skip", "$skiptoken"]
            .iter()
            .find(|o| request.option(o).is_some())
        {
            return Err(Refusal::odata(format!(
                "Query option '{option}' cannot be applied to the requested resource."
            )));
        }
        self.options(request)
    }

    /// The selected properties, with what was expanded.
    fn shape(&self, request: &Request, mut object: Object, properties: &[&'static Property]) -> Object {
        let mut kept = Object::new();
        for name in expanded(request) {
            if let Some((name, value)) =
                self.entity.expand.iter().find(|e| e.eq_ignore_ascii_case(&name)).and_then(|e| object.remove_entry(*e))
            {
                kept.insert(name, value);
            }
        }
        let kind = object.remove("@odata.type");
        let mut out = Object::new();
        out.extend(kind.map(|k| ("@odata.type".to_owned(), k)));
        out.append(&mut self.entity.project(object, properties));
        out.append(&mut kept);
        out
    }

    pub(super) fn context(&self, request: &Request, single: bool) -> String {
        let selected = request.option("$select").filter(|s| !s.trim().is_empty()).map(|s| format!("({s})"));
        let entity = if single { "/$entity" } else { "" };
        format!("{}#{}{}{entity}", request.metadata(), self.context, selected.unwrap_or_default())
    }

    pub(super) fn options(&self, request: &Request) -> Result<Options, Refusal> {
        let entity = self.entity;
        let advanced = request.is_eventual() && request.wants_count();
        if request.option("$skip").is_some() {
            return Err(Refusal::bad_request("'$skip' is not supported by the service."));
        }
        if request.option("$search").is_some() {
            return Err(if entity.is_directory_object && !request.is_eventual() {
                Refusal::unsupported_query(
                    "Request with $search query parameter only works through MSGraph with a special request header: \
                     'ConsistencyLevel: eventual'",
                )
            } else {
                Refusal::not_in_the_lab("$search; use $filter with startsWith")
            });
        }
        if let Some(level) = request.header("consistencylevel").filter(|l| !l.eq_ignore_ascii_case("eventual")) {
            return Err(Refusal::bad_request(format!("Invalid ConsistencyLevel header value '{level}'.")));
        }
        for name in expanded(request) {
            if !entity.expand.iter().any(|e| e.eq_ignore_ascii_case(&name)) {
                return Err(Refusal::odata(format!(
                    "Parsing OData Select and Expand failed: '{name}' cannot be expanded on type 'microsoft.graph.{}'.",
                    entity.name
                )));
            }
        }
        let select = request.option("$select").map(|text| select(entity, text, request)).transpose()?;
        let filter = match request.option("$filter") {
            None => None,
            Some(_) if !entity.has_filter => {
                return Err(Refusal::unsupported_query(format!("'{}' cannot be filtered.", entity.name)));
            }
            Some(text) => Some(support::check(parser::parse(text)?, entity, advanced)?),
        };
        let order =
            request.option("$orderby").map(|text| order(entity, text, advanced, filter.is_some())).transpose()?;
        if request.option("$count").is_some_and(|c| !matches!(c.to_ascii_lowercase().as_str(), "true" | "false")) {
            return Err(Refusal::odata("Invalid value for $count query option found; 'true' or 'false' is expected."));
        }
        let skip = request.option("$skiptoken").map(SkipToken::decode).transpose()?;
        Ok(Options { select, filter, order, top: top(request)?, skip })
    }
}

/// The items that meet the filter, in the order asked for.
fn matching<T>(items: impl IntoIterator<Item = T>, options: &Options, view: &impl Fn(&T) -> Object) -> Vec<T> {
    let mut found: Vec<T> = match &options.filter {
        None => items.into_iter().collect(),
        Some(filter) => items.into_iter().filter(|item| eval::holds(filter, &view(item))).collect(),
    };
    if let Some((name, descending)) = options.order {
        found.sort_by_cached_key(|item| view(item).get(name).and_then(Value::as_str).map(str::to_lowercase));
        if descending {
            found.reverse();
        }
    }
    found
}

/// `$top`.
///
/// # Errors
/// A page size that Graph does not know.
pub fn top(request: &Request) -> Result<Option<usize>, Refusal> {
    let Some(text) = request.option("$top") else { return Ok(None) };
    match text.parse::<usize>() {
        Ok(top) if (1..=MAX_TOP).contains(&top) => Ok(Some(top)),
        Ok(_) => Err(Refusal::bad_request(format!(
            "Invalid page size specified: '{text}'. Must be between 1 and {MAX_TOP} inclusive."
        ))),
        Err(_) => Err(Refusal::odata(format!("Invalid value '{text}' for $top query option found."))),
    }
}

/// The properties that a `$select` names.
///
/// # Errors
/// An unknown property.
pub fn select(entity: &EntityType, text: &str, request: &Request) -> Result<Vec<&'static Property>, Refusal> {
    let names = || text.split(',').map(str::trim).filter(|n| !n.is_empty());
    if names().any(|n| n == "*") {
        return Ok(entity.properties.iter().collect());
    }
    let mut selected: Vec<&'static Property> = Vec::new();
    for name in names() {
        let property = entity.selectable(name, request.version)?;
        if !selected.contains(&property) {
            selected.push(property);
        }
    }
    Ok(if selected.is_empty() { entity.shown() } else { selected })
}

fn order(entity: &EntityType, text: &str, advanced: bool, filtered: bool) -> Result<(&'static str, bool), Refusal> {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let descending = match (words.next(), words.next()) {
        (None | Some("asc"), None) => false,
        (Some("desc"), None) => true,
        _ => return Err(Refusal::odata(format!("Invalid orderby clause: '{text}'."))),
    };
    let known = entity.order.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    match known {
        // Together with a filter, sorting a directory object is an advanced query.
        Some((_, level)) if !advanced && (*level == Level::Advanced || filtered && entity.is_directory_object) => {
            Err(Refusal::unsupported_query("Sorting not supported for current query."))
        }
        Some((name, _)) => Ok((name, descending)),
        None => Err(Refusal::unsupported_query(format!("Sorting by '{name}' is not supported."))),
    }
}

/// The names in `$expand`, without their own options.
fn expanded(request: &Request) -> Vec<String> {
    let mut depth = 0_u32;
    let mut names = vec![String::new()];
    for c in request.option("$expand").unwrap_or_default().chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(String::new()),
            c if depth == 0 && !c.is_whitespace() => {
                if let Some(last) = names.last_mut() {
                    last.push(c);
                }
            }
            _ => {}
        }
    }
    names.retain(|n| !n.is_empty());
    names
}

/// An expanded object: the properties shown by default, with its type.
pub fn embedded(entity: &EntityType, object: Object) -> Value {
    let mut out = Object::new();
    out.insert("@odata.type".to_owned(), json!(format!("#microsoft.graph.{}", entity.name)));
    out.append(&mut entity.project(object, &entity.shown()));
    Value::Object(out)
}
