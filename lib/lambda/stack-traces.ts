import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A place in a file, both numbers from 1. */
interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Makes stack traces name the sources of bundled code, as `node --enable-source-maps` does. That option reads the source
 * map of every module when it loads the module, about a tenth of a cold start. This function reads the map of a file when
 * the first stack trace contains the file.
 * @param folder where the bundle is, `LAMBDA_TASK_ROOT` in Lambda; undefined outside of Lambda, where nothing changes
 */
export function mapStackTraces(folder: string | undefined): void {
  if (folder === undefined) return;
  const maps = new Map<string, SourceMap | undefined>();

  const mapOf = (file: string): SourceMap | undefined => {
    if (!file.startsWith(folder)) return undefined;
    if (!maps.has(file)) maps.set(file, readMap(`${file}.map`));
    return maps.get(file);
  };

  Error.prepareStackTrace = (error, sites) => {
    const lines = sites.map((site) => {
      const text = String(site);
      const [name, line, column] = [site.getFileName(), site.getLineNumber(), site.getColumnNumber()];
      if (!name || !line || !column) return text;
      const file = name.startsWith('file:') ? fileURLToPath(name) : name;
      const source = sourceOf(mapOf(file), line, column);
      return source
        ? text.replace(`${name}:${line}:${column}`, `${source.file}:${source.line}:${source.column}`)
        : text;
    });
    return [Error.prototype.toString.call(error), ...lines].join('\n    at ');
  };
}

/** Undefined where there is no map, or none that can be read: the trace names the bundle then. */
function readMap(file: string): SourceMap | undefined {
  try {
    const map: SourceMapPayload = JSON.parse(readFileSync(file, 'utf8'));
    const sources = map.sources.map((source) => {
      const { href } = new URL((map.sourceRoot ?? '') + source, pathToFileURL(file));
      return href.startsWith('file:') ? fileURLToPath(href) : href;
    });
    return new SourceMap({ ...map, sources, sourceRoot: '' });
  } catch {
    return undefined;
  }
}

function sourceOf(map: SourceMap | undefined, line: number, column: number): Place | undefined {
  const origin = map?.findOrigin(line, column);
  if (!origin || !('fileName' in origin)) return undefined;
  return { file: origin.fileName, line: origin.lineNumber, column: origin.columnNumber };
}
