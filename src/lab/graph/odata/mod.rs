//! What every resource shares: entity types, projection, order, pages.

pub mod collection;
pub mod entity;
pub mod page;
pub mod rows;
