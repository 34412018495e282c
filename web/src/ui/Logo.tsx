/** Two columns, the source and its copy, joined by the stream between them. */
export function Logo({ second = '#8fd6d3', ground = '#0f6f78', className }: { second?: string; ground?: string; className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true">
      <rect width="32" height="32" rx="8" fill={ground} />
      <rect x="7" y="7" width="5" height="18" rx="2.5" fill="#fff" />
      <rect x="20" y="7" width="5" height="18" rx="2.5" fill={second} />
      <path d="M12 19.5c4.5 0 3.5-7 8-7" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}
