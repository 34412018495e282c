import { describe, expect, it } from 'vitest';
import { preferredLanguage } from '.';
import en from './en';
import zh from './zh';

const flat = (node: unknown, path = ''): [string, string][] =>
  typeof node === 'string' ? [[path, node]] : Object.entries(node as object).flatMap(([key, value]) => flat(value, path ? `${path}.${key}` : key));

const english = new Map(flat(en));
const chinese = new Map(flat(zh));
const withoutPlural = (key: string) => key.replace(/_(one|other)$/, '');
const sources = import.meta.glob<string>(['/src/**/*.{ts,tsx}', '!/src/**/*.test.*', '!/src/test/**', '!/src/api/generated/**'], { query: '?raw', import: 'default', eager: true });

describe('texts', () => {
  it('exist in both languages', () => {
    // Chinese has one plural form, English two.
    const keys = (texts: Map<string, string>) => [...new Set([...texts.keys()].map(withoutPlural))].sort();
    expect(keys(chinese)).toEqual(keys(english));
  });

  it('are not empty', () => expect([...english, ...chinese].filter(([, text]) => text.trim() === '')).toEqual([]));

  it('have the same places to fill in both languages', () => {
    const places = (text: string) => [...new Set(text.match(/{{\w+}}/g) ?? [])].sort();
    const differing = [...chinese].filter(([key, text]) => String(places(text)) !== String(places(english.get(key) ?? '')));
    expect(differing).toEqual([]);
  });

  it('exist for every key that the code names', () => {
    const known = new Set([...english.keys()].map(withoutPlural));
    const used = Object.entries(sources).flatMap(([file, code]) => [...code.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((match) => ({ file, key: match[1]! })));
    expect(used.length).toBeGreaterThan(100);
    expect(used.filter(({ key }) => !known.has(key))).toEqual([]);
  });

  it('exist for every key that the code composes', () => {
    const known = [...english.keys()];
    const used = Object.values(sources).flatMap((code) => [...code.matchAll(/\bt\(`([\w.]+\.)\$\{/g)].map((match) => match[1]!));
    expect(used.filter((prefix) => !known.some((key) => key.startsWith(prefix)))).toEqual([]);
  });

  it('stand nowhere else: no screen holds a sentence of its own', () => {
    const spoken = Object.entries(sources).flatMap(([file, code]) => [...code.matchAll(/>\s*([A-Z][a-z]+ [a-z]+[^<{]*)</g)].map((match) => `${file}: ${match[1]}`));
    expect(spoken).toEqual([]);
  });
});

describe('the first language', () => {
  it('is the stored one', () => expect(preferredLanguage('zh', ['en-GB'])).toBe('zh'));
  it('else the first of the browser that we speak', () => expect(preferredLanguage(null, ['fr-FR', 'zh-Hans-CN', 'en'])).toBe('zh'));
  it('else English', () => expect(preferredLanguage('xx', ['fr'])).toBe('en'));
});
