import { QueryClientProvider } from '@tanstack/react-query';
import 'dayjs/locale/zh';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { makeQueryClient } from '@/api/queryClient';
import { startI18n } from '@/i18n';
import { Theme } from '@/theme/Theme';
import type { MenuGroup } from './menu';
import { SessionGate } from './SessionGate';

/** Starts one of the two entries: the same application with another menu. */
export async function start(menu: MenuGroup[]): Promise<void> {
  await startI18n();
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <QueryClientProvider client={makeQueryClient()}>
        <Theme>
          <BrowserRouter>
            <SessionGate menu={menu} />
          </BrowserRouter>
        </Theme>
      </QueryClientProvider>
    </StrictMode>,
  );
}
