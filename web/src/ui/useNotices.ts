import { App } from 'antd';
import { createElement, useMemo, useRef } from 'react';
import { ProblemView } from './ProblemView';

/** Short messages after an act: success as a toast, a problem as a notice that stays until read. */
export function useNotices() {
  const { message, notification } = App.useApp();
  const api = useRef({ message, notification });
  return useMemo(
    () => ({
      success: (text: string) => void api.current.message.success(text),
      info: (text: string) => void api.current.message.info(text),
      problem: (error: unknown) =>
        api.current.notification.open({ title: null, description: createElement(ProblemView, { error }), duration: 12, className: 'hb-problem-notice' }),
    }),
    [],
  );
}
