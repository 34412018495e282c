type Translate = (key: string, options: { defaultValue: string }) => string;

/** `storplus.pools.delete` (a call) and `pool_deleted` (an event) in words where we have them, else readable. */
export function actionName(action: string, t: Translate): string {
  const parts = action.split('.');
  const readable = (parts.length > 1 ? parts.slice(1) : parts).join(' ').replace(/[_-]/g, ' ');
  return t(`audit.actions.${action.replaceAll('.', '_')}`, { defaultValue: readable.charAt(0).toUpperCase() + readable.slice(1) });
}
