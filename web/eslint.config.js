import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const src = resolve(dirname(fileURLToPath(import.meta.url)), 'src');
const featureOf = (file) => /^features[\\/]([^\\/]+)/.exec(relative(src, file))?.[1];

/** A feature imports from itself and from shared folders, never from another feature. */
const noCrossFeature = {
  meta: { type: 'problem', messages: { cross: "Feature '{{own}}' imports from feature '{{other}}': move the shared part out of features/." } },
  create(context) {
    const own = featureOf(context.filename);
    const check = (node) => {
      const source = node.source?.value;
      if (!own || typeof source !== 'string') return;
      const target = source.startsWith('@/') ? resolve(src, source.slice(2)) : source.startsWith('.') ? resolve(dirname(context.filename), source) : null;
      const other = target && featureOf(target);
      if (other && other !== own) context.report({ node, messageId: 'cross', data: { own, other } });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};

export default tseslint.config(
  { ignores: ['dist', 'src/api/generated', 'node_modules'] },
  ...tseslint.configs.recommended,
  reactHooks.configs.flat.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { house: { rules: { 'no-cross-feature': noCrossFeature } } },
    rules: {
      'house/no-cross-feature': 'error',
      'max-lines': ['error', { max: 200, skipBlankLines: false, skipComments: false }],
      'no-restricted-syntax': ['error', { selector: 'CallExpression[callee.name="eval"]', message: 'The content policy forbids it.' }],
      'no-console': 'error',
    },
  },
);
