import { useState } from 'react';
import type { Paging } from '@/api/model';

const key = 'hyperbdr.page-size';
export const pageSizes = [10, 20, 30, 50, 100];

function storedSize(): number {
  const size = Number(localStorage.getItem(key));
  return pageSizes.includes(size) ? size : 10;
}

export interface ListState {
  paging: Paging;
  setPaging: (page: number, pageSize: number) => void;
  toFirst: () => void;
}

/** Page and page size of one list; the size is the user's and kept between visits. */
export function useListState(): ListState {
  const [paging, set] = useState<Paging>(() => ({ page: 1, page_size: storedSize() }));
  return {
    paging,
    setPaging: (page, pageSize) => {
      localStorage.setItem(key, String(pageSize));
      set((before) => ({ page: before.page_size === pageSize ? page : 1, page_size: pageSize }));
    },
    toFirst: () => set((before) => ({ ...before, page: 1 })),
  };
}
