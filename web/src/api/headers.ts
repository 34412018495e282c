import i18next from 'i18next';
import { surface } from '@/surface';

/** Value of the readable cookie that proves a call comes from our own page (double submit). */
export function csrfToken(cookies: string = document.cookie): string | undefined {
  const name = `hyperbdr-csrf-${surface()}=`;
  const pair = cookies.split(/;\s*/).find((cookie) => cookie.startsWith(name));
  return pair === undefined ? undefined : decodeURIComponent(pair.slice(name.length));
}

/** What each call carries beside its body. */
export function callHeaders(method: string): Record<string, string> {
  const result: Record<string, string> = { 'X-LANG': i18next.resolvedLanguage ?? 'en' };
  const token = csrfToken();
  if (token !== undefined && !['GET', 'HEAD'].includes(method.toUpperCase())) result['X-CSRF-Token'] = token;
  return result;
}
