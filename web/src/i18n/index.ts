import dayjs from 'dayjs';
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

const key = 'hyperbdr.language';
const load: Record<Language, () => Promise<{ default: Record<string, unknown> }>> = {
  en: () => import('./en'),
  zh: () => import('./zh'),
};

const known = (value: string | null | undefined): Language | undefined => {
  const short = value?.toLowerCase().split(/[-_]/)[0];
  return languages.find((language) => language === short);
};

/** The stored choice, else the first language of the browser that we speak, else English. */
export function preferredLanguage(stored: string | null, browser: readonly string[]): Language {
  return known(stored) ?? browser.map(known).find((language) => language !== undefined) ?? 'en';
}

export async function startI18n(language: Language = preferredLanguage(localStorage.getItem(key), navigator.languages)): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { [language]: { translation: (await load[language]()).default } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  apply(language);
}

/** Loads the texts first, so that no screen flashes with keys. */
export async function changeLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', (await load[language]()).default);
  }
  localStorage.setItem(key, language);
  await i18next.changeLanguage(language);
  apply(language);
}

function apply(language: Language): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  dayjs.locale(language);
}
