import { theme, type ThemeConfig } from 'antd';
import type { ThemeName } from './themeChoice';

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', sans-serif";
const mono = "ui-monospace, SFMono-Regular, 'Cascadia Mono', 'JetBrains Mono', 'Liberation Mono', Menlo, Consolas, monospace";

interface Palette {
  primary: string;
  page: string;
  surface: string;
  raised: string;
  border: string;
  split: string;
  text: string;
  muted: string;
  good: string;
  bad: string;
  warn: string;
  busy: string;
  idle: string;
}

/** Petrol on cool grey; state colours keep 4.5:1 against the surface in both themes. */
export const palette: Record<ThemeName, Palette> = {
  light: {
    primary: '#0f6f78', page: '#f4f6f8', surface: '#ffffff', raised: '#ffffff', border: '#d7dee4', split: '#e8edf1',
    text: '#17232b', muted: '#566773', good: '#1d7a4c', bad: '#b9342b', warn: '#9a6200', busy: '#1f64b4', idle: '#7b8a95',
  },
  dark: {
    primary: '#45b3b6', page: '#0d1318', surface: '#141c22', raised: '#1b252d', border: '#2e3b45', split: '#222d36',
    text: '#e4ebf0', muted: '#9aabb7', good: '#58c08a', bad: '#f0837a', warn: '#e0ab53', busy: '#72aef0', idle: '#8395a1',
  },
};

export function themeConfig(name: ThemeName): ThemeConfig {
  const p = palette[name];
  return {
    algorithm: name === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
    cssVar: { key: `hb-${name}` },
    hashed: false,
    token: {
      colorPrimary: p.primary, colorInfo: p.busy, colorSuccess: p.good, colorError: p.bad, colorWarning: p.warn, colorLink: p.primary,
      colorTextBase: p.text, colorText: p.text, colorTextSecondary: p.muted, colorTextDescription: p.muted, colorTextPlaceholder: name === 'dark' ? '#748693' : '#7a8994',
      colorBgLayout: p.page, colorBgContainer: p.surface, colorBgElevated: p.raised, colorBorder: p.border, colorBorderSecondary: p.split,
      ...(name === 'dark'
        ? { colorPrimaryBg: '#15323a', colorPrimaryBgHover: '#1a3d46', colorSuccessBg: '#12291f', colorErrorBg: '#331a19', colorWarningBg: '#32270f', colorInfoBg: '#14263b' }
        : { colorPrimaryBg: '#e2f0f1', colorPrimaryBgHover: '#d0e6e8', colorSuccessBg: '#eaf6ef', colorErrorBg: '#fdeeec', colorWarningBg: '#fdf5e3', colorInfoBg: '#ecf3fc', colorSuccessBorder: '#b9dfc9', colorErrorBorder: '#f0c3bf', colorWarningBorder: '#ecd7a6', colorInfoBorder: '#c0d7f2' }),
      colorTextLightSolid: name === 'dark' ? '#08262a' : '#ffffff',
      borderRadius: 6, borderRadiusLG: 10, fontFamily: font, fontFamilyCode: mono, fontSize: 14, controlHeight: 34, wireframe: false,
    },
    components: {
      Layout: { headerBg: p.surface, siderBg: p.surface, bodyBg: p.page, headerHeight: 56, headerPadding: '0 20px' },
      Menu: { itemBg: 'transparent', subMenuItemBg: 'transparent', itemHeight: 36, itemMarginInline: 8, itemBorderRadius: 6, activeBarBorderWidth: 0, itemSelectedColor: p.primary, itemSelectedBg: name === 'dark' ? '#15323a' : '#e2f0f1', subMenuItemSelectedColor: p.primary },
      Table: { headerBg: name === 'dark' ? '#182129' : '#f7f9fa', headerColor: p.muted, headerSplitColor: 'transparent', cellPaddingBlock: 12, cellPaddingInline: 12, rowHoverBg: name === 'dark' ? '#1a242c' : '#f7fafb' },
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none' },
      Card: { headerFontSize: 14 },
      Tooltip: { colorTextLightSolid: '#ffffff', colorBgSpotlight: '#26333c' },
    },
  };
}
