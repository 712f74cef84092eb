"""skeleton"""
def trial_report_html(result):
    """x"""
    return "<html></html>"
