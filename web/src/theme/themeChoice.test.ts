import { expect, it } from 'vitest';
import { readChoice, resolveTheme, setThemeChoice } from './themeChoice';

it('follows the system until the user chooses', () => {
  expect([resolveTheme('system', true), resolveTheme('system', false), resolveTheme('light', true)]).toEqual(['dark', 'light', 'light']);
  setThemeChoice('dark');
  expect(readChoice()).toBe('dark');
  setThemeChoice('system');
  expect(readChoice()).toBe('system');
});
