const files = import.meta.glob<{ default: Record<string, unknown> }>('./*.json', { eager: true });

/** One file per area; the file's name is the first part of its keys. */
const texts: Record<string, unknown> = Object.fromEntries(
  Object.entries(files).map(([path, file]) => [path.replace(/^\.\/(.+)\.json$/, '$1'), file.default]),
);

export default texts;
