import { useSearchParams } from 'react-router';

const name = 'task';

/** The task whose details are open; part of the address, so that it can be shared and survives a reload. */
export function useOpenTask() {
  const [params, set] = useSearchParams();
  return {
    openId: params.get(name),
    open: (id: string) => set((before) => { before.set(name, id); return before; }),
    close: () => set((before) => { before.delete(name); return before; }),
  };
}
