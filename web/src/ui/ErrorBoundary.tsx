import { Component, type ReactNode } from 'react';
import { ProblemView } from './ProblemView';

/** A screen that breaks says so and leaves the rest of the page usable. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <ProblemView error={this.state.error} onRetry={() => this.setState({ error: undefined })} />;
  }
}
