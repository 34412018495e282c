import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { startI18n } from '@/i18n';

// A deadline for a busy machine, not a wait.
configure({ asyncUtilTimeout: 20_000 });

beforeAll(() => startI18n('en'));
beforeEach(() => {
  localStorage.clear();
  // jsdom has no media queries, no observers and no second style of an element.
  vi.stubGlobal('matchMedia', (query: string) => ({ matches: /min-width/.test(query), media: query, addEventListener: vi.fn(), removeEventListener: vi.fn(), addListener: vi.fn(), removeListener: vi.fn() }));
  vi.stubGlobal('ResizeObserver', class { observe() {} unobserve() {} disconnect() {} });
  const styleOf = window.getComputedStyle.bind(window);
  vi.spyOn(window, 'getComputedStyle').mockImplementation((element) => styleOf(element));
});
afterEach(cleanup);
