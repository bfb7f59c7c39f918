import { ref } from 'vue'

export type Theme = 'light' | 'dark' | 'system'
const KEY = 'sallyport.theme'

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

const wish = typeof matchMedia === 'undefined' ? undefined : matchMedia('(prefers-color-scheme: dark)')
export const theme = ref<Theme>(stored())
export const isDark = ref(document.documentElement.dataset.theme === 'dark')

function apply(): void {
  isDark.value = theme.value === 'dark' || (theme.value === 'system' && wish?.matches === true)
  document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light'
}

export function setTheme(next: Theme): void {
  theme.value = next
  try {
    if (next === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, next)
  } catch {
    /* the choice then lasts as long as the page */
  }
  apply()
}

wish?.addEventListener('change', apply)
apply()
