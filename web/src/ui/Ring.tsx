import { PieChart } from 'echarts/charts';
import { AriaComponent } from 'echarts/components';
import { init, use as register } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useThemeName } from '@/theme/themeChoice';
import { palette } from '@/theme/tokens';

register([PieChart, CanvasRenderer, AriaComponent]);

export interface Slice {
  name: string;
  value: number;
  tone: 'good' | 'bad' | 'busy' | 'warn' | 'idle';
}

/** Shares of a whole as a ring. Names and numbers stand beside it as text, so the canvas itself is hidden from readers. */
export default function Ring({ slices }: { slices: Slice[] }) {
  const host = useRef<HTMLDivElement>(null);
  const theme = useThemeName();

  useEffect(() => {
    if (!host.current) return;
    const colours = palette[theme];
    const chart = init(host.current);
    const shown = slices.filter((slice) => slice.value > 0);
    const data = shown.length > 0 ? shown.map((slice) => ({ name: slice.name, value: slice.value, itemStyle: { color: colours[slice.tone] } })) : [{ value: 1, itemStyle: { color: colours.split } }];
    chart.setOption({
      animationDuration: 300,
      series: [{ type: 'pie', radius: ['72%', '96%'], silent: true, label: { show: false }, padAngle: shown.length > 1 ? 2 : 0, itemStyle: { borderRadius: 3 }, data }],
    });
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(host.current);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  }, [slices, theme]);

  return <div ref={host} className="hb-ring" aria-hidden="true" />;
}
