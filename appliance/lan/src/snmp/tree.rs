//! Everything that can be asked for, at one time.

use super::oid::Oid;
use super::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Variables by name, and the kinds of variables that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    variables: BTreeMap<Oid, Value>,
    objects: BTreeSet<Oid>,
}

impl Tree {
    /// There is such a kind of variable, though perhaps none of it.
    pub fn declare(&mut self, object: &Oid) {
        self.objects.insert(object.clone());
    }

    /// Puts the only variable of its kind.
    pub fn put(&mut self, object: &Oid, value: Value) {
        self.put_at(object, &[0], value);
    }

    /// Puts one of several of a kind, which has this index.
    pub fn put_at(&mut self, object: &Oid, index: &[u32], value: Value) {
        self.declare(object);
        self.variables.insert(object.child(index), value);
    }

    /// The variable of this name, or why there is none.
    #[must_use]
    pub fn get(&self, name: &Oid) -> Value {
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        let before = self.objects.range(..=name.clone()).next_back();
        match before {
            Some(object) if name.is_below(object) => Value::NoSuchInstance,
            _ => Value::NoSuchObject,
        }
    }

    /// All variables that come behind this name, in order.
    pub fn behind<'a>(
        &'a self,
        name: &Oid,
    ) -> impl Iterator<Item = (&'a Oid, &'a Value)> + use<'a> {
        self.variables.range((Bound::Excluded(name.clone()), Bound::Unbounded))
    }

    /// All variables, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Oid, &Value)> {
        self.variables.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told_from_what_is_not_known() {
        let object = |arcs: &[u32]| Oid::new(&[1, 3]).child(arcs);
        let mut tree = Tree::default();
        tree.put(&object(&[5]), Value::Integer(5));
        tree.put_at(&object(&[7]), &[2], Value::Integer(72));
        tree.declare(&object(&[8]));
        assert_eq!(tree.get(&object(&[5, 0])), Value::Integer(5));
        for (name, value) in [
            (&[5][..], Value::NoSuchInstance),
            (&[5, 1], Value::NoSuchInstance),
            (&[7, 3], Value::NoSuchInstance),
            (&[8, 1], Value::NoSuchInstance),
            (&[6], Value::NoSuchObject),
            (&[], Value::NoSuchObject),
            (&[9, 1], Value::NoSuchObject),
        ] {
            assert_eq!(tree.get(&object(name)), value, "{name:?}");
        }
        let names: Vec<_> = tree.behind(&object(&[5])).map(|(name, _)| name.clone()).collect();
        assert_eq!(names, [object(&[5, 0]), object(&[7, 2])]);
        assert_eq!(tree.behind(&object(&[7, 2])).count(), 0);
    }
}
