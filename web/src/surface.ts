export type Surface = 'console' | 'portal';

/** Which of the two entries this page is; written by the HTML file, so it is known before any script runs. */
export function surface(): Surface {
  return document.documentElement.dataset.surface === 'portal' ? 'portal' : 'console';
}
