// Enforces the package-owner table: who imports which package, and that package.json lists what is used and no more.

import { isBuiltin } from 'node:module';
import { isOwn, packageOf } from './check-layers.ts';
import type { Owner } from './owners.ts';
import { referencesOf } from './references.ts';
import type { SourceFile, Violation } from './source-tree.ts';

export type PackageJson = {
  readonly dependencies?: { readonly [name: string]: string };
  readonly devDependencies?: { readonly [name: string]: string };
  readonly optionalDependencies?: { readonly [name: string]: string };
};

type Import = { readonly name: string; readonly path: string; readonly line: number };

const liesUnder = (path: string, owner: string): boolean => path === owner || path.startsWith(`${owner}/`);

function packageImports(files: readonly SourceFile[]): readonly Import[] {
  return files.flatMap((file) =>
    referencesOf(file)
      .filter(({ kind, specifier }) => kind !== 'opaque' && !isOwn(specifier) && !isBuiltin(specifier))
      .filter(({ specifier }) => !/^(file|data|https?):/.test(specifier))
      .map(({ specifier, line }) => ({ name: packageOf(specifier), path: file.path, line })),
  );
}

function checkImport(
  { name, path, line }: Import,
  owners: readonly Owner[],
  manifest: PackageJson,
): readonly Violation[] {
  const wrong = (what: string): readonly Violation[] => [{ path, line, rule: 'owner', what }];
  const owner = owners.find((row) => row.name === name);
  if (owner === undefined) return wrong(`${name} has no owner in the package-owner table`);
  if (!owner.owners.some((place) => liesUnder(path, place)))
    return wrong(`${name} belongs to ${owner.owners.join(', ')}`);
  const isShipped = !path.startsWith('test/') && !path.startsWith('bench/') && !path.endsWith('.config.ts');
  const listed = isShipped ? manifest.dependencies : { ...manifest.dependencies, ...manifest.devDependencies };
  if (listed?.[name] === undefined)
    return wrong(`${name} is not in package.json${isShipped ? ' under dependencies' : ''}`);
  return [];
}

function checkManifest(
  imports: readonly Import[],
  tools: readonly string[],
  manifest: PackageJson,
): readonly Violation[] {
  const wrong = (what: string): Violation => ({ path: 'package.json', line: 1, rule: 'owner', what });
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const listed = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  return listed.flatMap(([name, version]) => [
    ...(imports.some((use) => use.name === name) || tools.includes(name) ? [] : [wrong(`nobody imports ${name}`)]),
    ...(/^\d+\.\d+\.\d+$/.test(version) ? [] : [wrong(`${name} must be pinned exactly, not ${version}`)]),
  ]);
}

/** Packages imported by others than their owners, unlisted ones, ones that nobody uses, and versions that float. */
export function checkOwners(options: {
  readonly files: readonly SourceFile[];
  readonly owners: readonly Owner[];
  /** Names of packages that are used without an import. */
  readonly tools: readonly string[];
  readonly manifest: PackageJson;
}): readonly Violation[] {
  const imports = packageImports(options.files);
  const crowded = options.owners.flatMap(({ name, filesMax }) => {
    const paths = [
      ...new Set(imports.filter((use) => use.name === name && !use.path.startsWith('test/')).map((use) => use.path)),
    ];
    if (filesMax === undefined || paths.length <= filesMax) return [];
    return paths.map((path) => ({
      path,
      line: 1,
      rule: 'owner',
      what: `${name} may be imported by ${filesMax} file only`,
    }));
  });
  return [
    ...imports.flatMap((use) => checkImport(use, options.owners, options.manifest)),
    ...crowded,
    ...checkManifest(imports, options.tools, options.manifest),
  ];
}
