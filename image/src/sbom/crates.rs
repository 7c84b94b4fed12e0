//! The foreign crates in the one binary, as cargo resolves them for the architecture of the image.

use super::{Error, Kind, Part, Scope, url};
use cargo_metadata::{
    DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId, TargetKind,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The crates that the product is made of, and the package URLs of those that it names itself. `workspace` is the folder
/// of the workspace, `target` the architecture as rustc names it.
///
/// # Errors
/// When cargo cannot say it, or this is another workspace.
pub fn crates(workspace: &Path, target: &str) -> Result<(Vec<String>, Vec<Part>), Error> {
    let metadata = MetadataCommand::new()
        .manifest_path(workspace.join("Cargo.toml"))
        .other_options(["--locked", "--filter-platform", target].map(String::from))
        .exec()
        .map_err(Error::Cargo)?;
    let lock = workspace.join("Cargo.lock");
    let lock = std::fs::read_to_string(&lock)
        .map_err(|error| Error::Read(lock.display().to_string(), error))?;
    let graph = Graph::new(&metadata)?;
    let reached = graph.reached();
    let sums = checksums(&lock);
    let mut named = BTreeSet::new();
    let mut parts = Vec::new();
    for (id, scope) in &reached {
        let (Some(package), Some(node)) = (graph.packages.get(id), graph.nodes.get(id)) else {
            continue;
        };
        let needs = node.dependencies.iter().filter_map(|id| graph.packages.get(id));
        let needs = needs.filter(|package| package.source.is_some()).map(|package| purl(package));
        if package.source.is_none() {
            // One of our own rooms: what it needs, the product needs.
            named.extend(needs);
            continue;
        }
        let version = package.version.to_string();
        parts.push(Part {
            kind: Kind::Library,
            name: package.name.to_string(),
            scope: *scope,
            url: purl(package),
            // Some crates still have the slash of times before SPDX.
            licence: package.license.as_ref().map(|licence| licence.replace('/', " OR ")),
            sha256: sums.get(&(package.name.to_string(), version.clone())).cloned(),
            needs: needs.collect(),
            version,
        });
    }
    Ok((named.into_iter().collect(), parts))
}

fn purl(package: &Package) -> String {
    url("cargo", &package.name, &package.version.to_string())
}

struct Graph<'cargo> {
    packages: BTreeMap<&'cargo PackageId, &'cargo Package>,
    nodes: BTreeMap<&'cargo PackageId, &'cargo Node>,
    root: &'cargo PackageId,
}

impl<'cargo> Graph<'cargo> {
    fn new(metadata: &'cargo Metadata) -> Result<Self, Error> {
        let resolve = metadata.resolve.as_ref().ok_or(Error::Workspace("dependencies"))?;
        let root = metadata.packages.iter().find(|package| *package.name == ROOT);
        Ok(Self {
            packages: metadata.packages.iter().map(|package| (&package.id, package)).collect(),
            nodes: resolve.nodes.iter().map(|node| (&node.id, node)).collect(),
            root: &root.ok_or(Error::Workspace("package `appliance`"))?.id,
        })
    }

    /// Every package that the binary needs. What is reached only through a macro or a build script is not in it.
    fn reached(&self) -> BTreeMap<&'cargo PackageId, Scope> {
        let mut reached = BTreeMap::new();
        self.walk(Scope::Image, &mut reached);
        self.walk(Scope::Making, &mut reached);
        reached
    }

    fn walk(&self, scope: Scope, reached: &mut BTreeMap<&'cargo PackageId, Scope>) {
        let mut seen = BTreeSet::new();
        let mut open = vec![self.root];
        while let Some(id) = open.pop() {
            let (Some(node), true) = (self.nodes.get(id), seen.insert(id)) else { continue };
            reached.entry(id).or_insert(scope);
            for dependency in &node.deps {
                let links = dependency.dep_kinds.iter().any(|kind| match kind.kind {
                    DependencyKind::Normal => {
                        scope == Scope::Making || !self.is_macro(&dependency.pkg)
                    }
                    DependencyKind::Build => scope == Scope::Making,
                    _ => false,
                });
                if links {
                    open.push(&dependency.pkg);
                }
            }
        }
    }

    fn is_macro(&self, id: &PackageId) -> bool {
        self.packages.get(id).is_some_and(|package| {
            package.targets.iter().any(|target| target.kind.contains(&TargetKind::ProcMacro))
        })
    }
}

/// Name and version of each locked crate and the SHA-256 of its archive.
pub(super) fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|package| {
            let field = |key: &str| {
                package.lines().find_map(|line| {
                    let value = line.strip_prefix(key)?.trim().strip_prefix('=')?.trim();
                    Some(value.trim_matches('"').to_owned())
                })
            };
            Some(((field("name")?, field("version")?), field("checksum")?))
        })
        .collect()
}

/// The package with the binary.
const ROOT: &str = "appliance";
